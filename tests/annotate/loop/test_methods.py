"""A recipe of several methods: one stage after another, each from where the one before it ended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from annotate.celery import app
from annotate.datasets.models import Snapshot
from annotate.errors import Invalid
from annotate.loop.advance import advance_rounds
from annotate.loop.jobs import stage_folder, write_job
from annotate.loop.models import RunState, TrainingRun
from annotate.loop.results import record_result
from annotate.loop.runs import claim
from annotate.ranking.models import Comparison, Completion
from annotate.rounds.models import Checkpoint, Round, RoundState
from annotate.rounds.services import checkpoint_of, launch_round, retry
from tests.annotate.loop.rounds import round_in
from training.contracts import Stage, read_completions, read_dialogues, read_prompts, read_rankings

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def artifacts(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.ARTIFACTS_DIR = tmp_path
    monkeypatch.setattr(app, "send_task", lambda name, args, queue: None)
    return tmp_path


def training_round(artifacts: Path, **recipe: Any) -> Round:
    """A round whose reward model is trained, with a snapshot of one ranking that holds an edit."""
    round = round_in(RoundState.TRAINING_POLICY)
    round.recipe = {**round.recipe, **recipe}
    round.save()
    completions = [{"text": "good", "edit": "better"}, {"text": "bad"}]
    row = {"prompt_id": "1", "messages": [{"role": "user", "content": "q"}], "gaps": [1]}
    (artifacts / "rankings.jsonl").write_text(json.dumps({**row, "completions": completions}) + "\n")
    Snapshot.objects.create(round=round, path="rankings.jsonl", digest="d", counts={})
    Checkpoint.objects.create(
        campaign=round.campaign,
        kind="reward",
        name="r",
        path="reward",
        round=round,
        parent=round.start_policy,
    )
    return round


def finish(round: Round) -> TrainingRun:
    """The queued run succeeds and is recorded as a worker records it."""
    run = round.runs.get(state=RunState.QUEUED)
    held = claim(run_id=run.pk, worker="w")
    assert held is not None
    folder = Path(run.job["output"]) / "checkpoint"
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text(json.dumps({"hash": run.stage}))
    result = {"metrics": {"loss": 0.5}, "files": {"checkpoint": "checkpoint"}}
    (folder.parent / "result.json").write_text(json.dumps(result))
    assert record_result(held)
    return run


@pytest.mark.parametrize("method", ["ppo", "rloo"])
def test_it_lets_the_policy_learn_from_its_own_distribution_whatever_people_rank(
    artifacts: Path, method: Stage
) -> None:
    round = training_round(artifacts, method=[method], temperatures=[0.7, 1.2], top_p=0.9)
    advance_rounds()
    job = round.runs.get(stage=method).job
    assert job["sampling"]["temperatures"] == [1.0]
    assert job["sampling"]["top_p"] == 1.0
    assert job["k"] == round.recipe.get("k", 4)


def test_it_runs_the_methods_in_order_each_from_the_one_before(artifacts: Path) -> None:
    round = training_round(artifacts, method=["rejection_sampling", "dpo", "online_dpo"])
    ended = []
    for stage in ("rejection", "dpo", "online"):
        advance_rounds()
        assert round.runs.get(state=RunState.QUEUED).stage == stage
        assert checkpoint_of(round, "policy") is None  # type: ignore[arg-type]  # a TextChoices value
        ended.append(finish(round))
    jobs = [run.job for run in ended]
    start = jobs[0]["policy"]
    assert start.endswith("training/starter/model")
    assert [job["reference"] for job in jobs] == [start] * 3
    assert jobs[1]["policy"] == f"{jobs[0]['output']}/checkpoint"
    assert jobs[2]["policy"] == f"{jobs[1]['output']}/checkpoint"
    advance_rounds()
    round.refresh_from_db()
    assert round.state == RoundState.EVALUATING
    assert round.checkpoints.get(kind="policy").digest == "online"


def test_a_retry_goes_on_with_the_method_that_failed(artifacts: Path) -> None:
    round = training_round(artifacts, method=["kto", "dpo"])
    advance_rounds()
    finish(round)
    advance_rounds()
    round.runs.filter(stage="dpo").update(state=RunState.FAILED, error="The disk is full.")
    advance_rounds()
    round.refresh_from_db()
    assert (round.state, round.failure) == (RoundState.FAILED, "The disk is full.")
    retry(round=round, actor=None)
    advance_rounds()
    states = [(run.stage, run.state) for run in round.runs.order_by("pk")]
    assert states == [("kto", "succeeded"), ("dpo", "failed"), ("dpo", "queued")]


def test_rejection_sampling_chooses_among_all_rounds_and_no_held_out_reply(artifacts: Path) -> None:
    earlier = training_round(artifacts)
    Round.objects.filter(pk=earlier.pk).update(state=RoundState.CLOSED)
    now = Round.objects.create(
        campaign=earlier.campaign, number=2, recipe={**earlier.recipe, "method": ["rejection_sampling"]},
        start_policy=earlier.start_policy, state=RoundState.TRAINING_POLICY,
    )  # fmt: skip
    Checkpoint.objects.create(
        campaign=now.campaign, kind="reward", name="r2", path="reward-2", round=now, parent=now.start_policy
    )
    train = earlier.campaign.prompts.filter(split="train").order_by("pk")
    completion = earlier.comparisons.get(prompt=train[0]).completions.get(index=0)
    again = Comparison.objects.create(round=now, prompt=train[0], position=0, overlap=1)
    Completion.objects.create(**{**_values(completion), "comparison": again, "text": "of round 2"})

    job = write_job(round=now, stage="rejection")
    rows = list(read_completions(Path(job.completions[0])))
    assert [(row.prompt_id, row.index) for row in rows] == [
        (str(train[0].pk), 0), (str(train[0].pk), 1), (str(train[0].pk), 2),
        (str(train[1].pk), 0), (str(train[1].pk), 1),
    ]  # fmt: skip
    assert rows[2].text == "of round 2"
    assert [row.prompt_id for row in read_prompts(Path(job.prompts))] == [str(prompt.pk) for prompt in train]
    assert job.reward_model.endswith("reward-2")


def _values(completion: Completion) -> dict[str, Any]:
    names = ("index", "checkpoint", "token_ids", "logprobs", "temperature", "top_p", "seed", "finish")
    return {name: getattr(completion, name) for name in names}


@pytest.mark.parametrize("stage", ["online", "dpo"])
def test_methods_that_answer_anew_get_prompts_sampling_and_the_reward_model(
    artifacts: Path, stage: Stage
) -> None:
    method = "online_dpo" if stage == "online" else stage
    round = training_round(
        artifacts,
        method=[method],
        policy_prompts=1,
        temperatures=[0.7],
        params={"dpo": {"silver_weight": 0.5}},
    )
    job = write_job(round=round, stage=stage)
    (prompt,) = read_prompts(Path(job.prompts))
    assert round.campaign.prompts.get(pk=int(prompt.prompt_id)).split == "train"
    assert job.sampling.temperatures == [0.7]
    assert job.reward_model.endswith("reward")


def test_dpo_and_kto_learn_from_rankings_alone_unless_they_are_told(artifacts: Path) -> None:
    round = training_round(artifacts, method=["dpo", "kto"])
    advance_rounds()
    finish(round)
    for stage in ("dpo", "kto"):
        job = write_job(round=round, stage=stage)
        assert (job.prompts, job.reward_model) == ("", "")
        assert job.rankings == [str(artifacts / "rankings.jsonl")]


def test_sft_learns_what_people_edited(artifacts: Path) -> None:
    round = training_round(artifacts, method=["sft"])
    (dialogue,) = read_dialogues(Path(write_job(round=round, stage="sft").dialogues[0]))
    assert [turn["content"] for turn in dialogue.messages] == ["q", "better"]
    path = artifacts / "rankings.jsonl"
    path.write_text(path.read_text().replace('"edit": "better"', '"edit": null'))
    with pytest.raises(Invalid, match="Nobody has edited a reply"):
        write_job(round=round, stage="sft")


def test_a_method_without_the_one_before_it_is_refused(artifacts: Path) -> None:
    round = training_round(artifacts, method=["dpo", "kto"])
    with pytest.raises(Invalid, match="The stage dpo, from which kto starts, has no result"):
        write_job(round=round, stage="kto")
    assert not (stage_folder(round, "kto") / "job.json").exists()


def judged_round(artifacts: Path, **recipe: Any) -> Round:
    """A round that a language model is to judge before its reward model is trained."""
    round = round_in(RoundState.TRAINING_REWARD)
    round.recipe = {**round.recipe, **recipe}
    round.save()
    Snapshot.objects.create(round=round, path="rankings.jsonl", digest="d", counts={})
    return round


def test_a_judge_ranks_the_train_comparisons_of_the_round_before_the_reward_model_learns(
    artifacts: Path,
) -> None:
    round = judged_round(artifacts, judge="policy")
    advance_rounds()
    run = round.runs.get()
    assert run.stage == "judge"
    assert run.job["params"]["judge"] == "policy"
    rows = list(read_completions(Path(run.job["completions"][0])))
    assert len(rows) == 4  # two train prompts with two replies; the held-out one is left to people

    ranked = [{"text": row.text, "token_ids": row.token_ids} for row in rows[:2]]
    row = {"prompt_id": "1", "messages": [{"role": "user", "content": "q"}], "gaps": [2], "source": "judge"}
    output = Path(run.job["output"])
    output.mkdir(parents=True)
    (output / "rankings.jsonl").write_text(json.dumps({**row, "completions": ranked, "round": 1}) + "\n")
    (output / "result.json").write_text(json.dumps({"metrics": {}, "files": {"rankings": "rankings.jsonl"}}))
    held = claim(run_id=run.pk, worker="w")
    assert held is not None
    assert record_result(held)

    judged = round.snapshots.get(source="judge")
    assert judged.counts["rankings"] == 1
    frozen = artifacts / judged.path
    assert frozen.name == f"rankings-judge-{judged.digest[:16]}.jsonl"
    assert [row.source for row in read_rankings(frozen)] == ["judge"]
    assert write_job(round=round, stage="reward").rankings == [
        str(artifacts / "rankings.jsonl"), str(frozen),
    ]  # fmt: skip
    advance_rounds()
    assert round.runs.get(state=RunState.QUEUED).stage == "reward"


def test_whom_a_judge_asks_is_the_operators_to_say(artifacts: Path, settings: Settings) -> None:
    settings.JUDGE_URL, settings.JUDGE_MODEL = "http://gpu1/v1", "big"
    mine = {"url": "http://evil/v1", "model": "x", "key_variable": "SECRET_KEY", "criteria": "funny"}
    round = judged_round(artifacts, judge="endpoint", params={"judge": mine})
    params = write_job(round=round, stage="judge").params
    assert (params["url"], params["model"], params["key_variable"], params["criteria"]) == (
        "http://gpu1/v1", "big", "JUDGE_API_KEY", "funny",
    )  # fmt: skip


def test_a_round_with_a_judge_that_nobody_named_is_not_launched(artifacts: Path) -> None:
    round = round_in(RoundState.DECIDING)
    Round.objects.filter(pk=round.pk).update(state=RoundState.CLOSED)
    with pytest.raises(Invalid, match=r"recipe.judge must be off or policy: this server knows no judge"):
        launch_round(campaign=round.campaign, overrides={"judge": "endpoint"}, actor=None)


def test_d2po_starts_from_the_reward_model_before_and_the_rankings_it_has_not_seen(artifacts: Path) -> None:
    earlier = training_round(artifacts)
    Round.objects.filter(pk=earlier.pk).update(state=RoundState.CLOSED)
    now = Round.objects.create(
        campaign=earlier.campaign, number=2, start_policy=earlier.start_policy,
        recipe={**earlier.recipe, "method": ["online_dpo"], "params": {"online": {"refresh_every": 5}}},
        state=RoundState.TRAINING_POLICY,
    )  # fmt: skip
    Snapshot.objects.create(round=now, path="second.jsonl", digest="d2", counts={})
    Checkpoint.objects.create(
        campaign=now.campaign, kind="reward", name="r2", path="reward-2", round=now, parent=now.start_policy
    )
    job = write_job(round=now, stage="online")
    assert job.reward_model.endswith("reward")
    assert job.rankings == [str(artifacts / "rankings.jsonl"), str(artifacts / "second.jsonl")]
    now.recipe = {**now.recipe, "params": {}}
    job = write_job(round=now, stage="online")
    assert (job.reward_model.endswith("reward-2"), job.rankings) == (True, [])
