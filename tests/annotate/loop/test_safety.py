"""A round whose recipe asks for a safety model beside the reward model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from annotate.celery import app
from annotate.datasets.models import Snapshot
from annotate.loop.advance import advance_rounds
from annotate.loop.jobs import write_job
from annotate.loop.models import RunState
from annotate.loop.results import record_result
from annotate.loop.runs import claim
from annotate.loop.shapes import RoundSerializer
from annotate.prompts.models import Prompt
from annotate.rounds.models import Checkpoint, Round, RoundState
from tests.annotate.loop.rounds import round_in
from training.contracts import Stage, read_prompts

pytestmark = pytest.mark.django_db
WHY = "Nobody has said of any train reply whether it is safe, so no safety model was trained."


@pytest.fixture(autouse=True)
def artifacts(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.ARTIFACTS_DIR = tmp_path
    monkeypatch.setattr(app, "send_task", lambda name, args, queue: None)
    return tmp_path


@pytest.fixture
def round() -> Round:
    """A round that is to train both models."""
    found = round_in(RoundState.TRAINING_REWARD)
    found.recipe = {**found.recipe, "safety": True, "params": {"safety": {"members": 2}}}
    found.save()
    Snapshot.objects.create(round=found, path="rankings.jsonl", digest="d", counts={})
    return found


def look() -> None:
    """The loop looks twice: the first time it may only move the round on."""
    advance_rounds()
    advance_rounds()


def finish(round: Round, stage: Stage, **result: Any) -> None:
    """The loop queues this stage next; it ends with this result, or with a checkpoint."""
    look()
    run = round.runs.get(state=RunState.QUEUED)
    assert run.stage == stage
    held = claim(run_id=run.pk, worker="w")
    assert held is not None
    folder = Path(run.job["output"]) / "checkpoint"
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text("{}")
    whole = {"metrics": {"loss": 0.5}, "files": {"checkpoint": "checkpoint"}, **result}
    (folder.parent / "result.json").write_text(json.dumps(whole))
    assert record_result(held)
    round.refresh_from_db()


def test_it_trains_both_and_scores_with_both(round: Round, artifacts: Path) -> None:
    round.recipe["method"] = ["rejection_sampling", "ppo"]
    round.save()
    finish(round, "reward")
    finish(round, "safety")
    job = round.runs.get(stage="safety").job
    assert (job["rankings"], job["params"]) == ([str(artifacts / "rankings.jsonl")], {"members": 2})
    shown = RoundSerializer(round).data
    assert (shown["reward_model"]["name"], shown["safety_model"]["name"]) == (
        "round 1 reward model", "round 1 safety model",
    )  # fmt: skip
    finish(round, "rejection")
    finish(round, "ppo")
    look()
    for stage in ("rejection", "ppo", "evaluate"):
        job = round.runs.get(stage=stage).job
        assert job["reward_model"].endswith("/reward/output/checkpoint")
        assert job["safety_model"].endswith("/safety/output/checkpoint")


def test_it_goes_on_without_where_nobody_said_what_is_safe(round: Round) -> None:
    finish(round, "reward")
    finish(round, "safety", metrics={"skipped": WHY}, files={})
    finish(round, "dpo")
    shown = RoundSerializer(round).data
    assert shown["safety_model"] is None
    assert [run["metrics"].get("skipped") for run in shown["runs"]] == [None, WHY, None]
    assert write_job(round=round, stage="evaluate").safety_model == ""


def test_it_tries_the_safety_model_before_on_what_is_new(round: Round) -> None:
    finish(round, "reward")
    finish(round, "safety")
    Round.objects.filter(pk=round.pk).update(state=RoundState.CLOSED)
    now = Round.objects.create(
        campaign=round.campaign, number=2, recipe=round.recipe, start_policy=round.start_policy
    )
    before = Checkpoint.objects.get(round=round, kind="safety")
    assert write_job(round=now, stage="safety").previous_reward_model.endswith(before.path)
    assert write_job(round=now, stage="reward").previous_reward_model.endswith("/reward/output/checkpoint")


def test_it_tells_the_stages_which_prompts_are_about_safety(round: Round) -> None:
    heldout = Prompt.objects.get(campaign=round.campaign, split="heldout")
    Prompt.objects.filter(pk=heldout.pk).update(safety=True)
    finish(round, "reward")
    finish(round, "safety")
    finish(round, "dpo")
    rows = read_prompts(Path(write_job(round=round, stage="evaluate").prompts))
    assert [(row.prompt_id, row.safety) for row in rows] == [(str(heldout.pk), True)]
    sampled = read_prompts(Path(write_job(round=round, stage="sample").prompts))
    assert {row.safety for row in sampled} == {False}
