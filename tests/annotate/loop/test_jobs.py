"""What each stage is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from annotate.datasets.models import Snapshot
from annotate.errors import Invalid
from annotate.loop.jobs import stage_folder, write_job
from annotate.prompts.models import Prompt
from annotate.rounds.models import Checkpoint, Round, RoundState
from tests.annotate.loop.rounds import round_in, sampling_round
from training.contracts import JobSpec, read_job, read_prompts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def artifacts(settings: Settings, tmp_path: Path) -> Path:
    settings.ARTIFACTS_DIR = tmp_path
    return tmp_path


def prompts_of(job: JobSpec) -> list[str]:
    return [row.prompt_id for row in read_prompts(Path(job.prompts))]


def with_recipe(round: Round, **changes: object) -> Round:
    round.recipe = {**round.recipe, **changes}
    round.save()
    return round


def test_the_file_says_what_was_asked(artifacts: Path) -> None:
    round = with_recipe(sampling_round(), temperatures=[0.7, 1.2], seed=5)
    job = write_job(round=round, stage="sample")
    assert read_job(stage_folder(round, "sample") / "job.json") == job
    assert (job.k, job.seed, job.sampling.temperatures) == (2, 6, [0.7, 1.2])
    assert Path(job.policy).is_absolute()
    assert Path(job.output) == artifacts / f"campaign-{round.campaign_id}" / "round-1" / "sample" / "output"


def test_it_samples_held_out_prompts_in_their_share() -> None:
    round = with_recipe(sampling_round(), comparisons=4, heldout_share=0.25)
    job = write_job(round=round, stage="sample")
    splits = [Prompt.objects.get(pk=int(row.split(".")[0])).split for row in prompts_of(job)]
    assert splits == ["train"] * 3 + ["heldout"]


def test_it_takes_prompts_again_only_when_there_are_too_few() -> None:
    """Two train prompts for five comparisons; each row has a name, and so seeds, of its own."""
    round = with_recipe(sampling_round(), comparisons=5, heldout_share=0.0)
    rows = prompts_of(write_job(round=round, stage="sample"))
    first, second = rows[:2]
    assert rows == [first, second, f"{first}.1", f"{second}.1", f"{first}.2"]


def test_training_reads_the_rankings_of_every_round_so_far(artifacts: Path) -> None:
    earlier = round_in(RoundState.TRAINING_POLICY)
    Snapshot.objects.create(round=earlier, path="one.jsonl", digest="1", counts={})
    Round.objects.filter(pk=earlier.pk).update(state=RoundState.CLOSED)
    now = Round.objects.create(
        campaign=earlier.campaign, number=2, recipe=earlier.recipe, start_policy=earlier.start_policy
    )
    Snapshot.objects.create(round=now, path="two.jsonl", digest="2", counts={})
    Snapshot.objects.create(round=round_in(RoundState.TRAINING_POLICY), path="another", digest="3", counts={})
    for stage in ("reward", "dpo"):
        job = write_job(round=now, stage=stage)
        assert job.rankings == [str(artifacts / "one.jsonl"), str(artifacts / "two.jsonl")]


def test_the_reward_model_before_is_the_newest_of_earlier_rounds() -> None:
    round = round_in(RoundState.TRAINING_REWARD)
    Snapshot.objects.create(round=round, path="one.jsonl", digest="1", counts={})
    assert write_job(round=round, stage="reward").previous_reward_model == ""
    Round.objects.filter(pk=round.pk).update(state=RoundState.CLOSED)
    common = {"campaign": round.campaign, "recipe": round.recipe, "start_policy": round.start_policy}
    skipped = Round.objects.create(number=2, state=RoundState.CANCELLED, **common)
    now = Round.objects.create(number=3, **common)
    for number, own in enumerate((round, skipped, now), start=1):
        kind = "policy" if own is skipped else "reward"
        Checkpoint.objects.create(
            campaign=round.campaign, kind=kind, name=kind, path=f"/models/{number}", round=own,
            parent=round.start_policy,
        )  # fmt: skip
    assert write_job(round=now, stage="reward").previous_reward_model == "/models/1"


def test_the_reference_is_where_the_round_started_and_the_base_where_the_campaign_did() -> None:
    round = round_in(RoundState.EVALUATING)
    first = round.start_policy
    start = Checkpoint.objects.create(
        campaign=round.campaign, kind="policy", name="champion", path="/models/champion", parent=first
    )
    Round.objects.filter(pk=round.pk).update(start_policy=start)
    round.refresh_from_db()
    for kind in ("policy", "reward"):
        Checkpoint.objects.create(
            campaign=round.campaign, kind=kind, name=kind, path=f"/models/{kind}", parent=start, round=round
        )
    job = write_job(round=round, stage="evaluate")
    assert (job.policy, job.reference, job.reward_model) == (
        "/models/policy", "/models/champion", "/models/reward",
    )  # fmt: skip
    assert job.base.endswith("training/starter/model")
    assert len(prompts_of(job)) == 1


def test_a_hub_id_is_passed_as_it_is() -> None:
    round = sampling_round()
    start = Checkpoint.objects.create(
        campaign=round.campaign,
        kind="reward",
        name="hub",
        path="meta-llama/Llama-3.2-1B",
        parent=round.start_policy,
    )
    Round.objects.filter(pk=round.pk).update(start_policy=start)
    round.refresh_from_db()
    assert write_job(round=round, stage="sample").policy == "meta-llama/Llama-3.2-1B"


def test_lora_and_the_stages_own_parameters_come_from_the_recipe() -> None:
    round = round_in(RoundState.TRAINING_POLICY)
    Snapshot.objects.create(round=round, path="one.jsonl", digest="1", counts={})
    job = write_job(round=with_recipe(round, params={"dpo": {"beta": 0.2}}, lora=True), stage="dpo")
    assert job.lora is not None
    assert job.params == {"beta": 0.2}
    assert write_job(round=with_recipe(round, lora=False), stage="dpo").lora is None


def test_it_refuses_what_cannot_be_done() -> None:
    round = sampling_round()
    with pytest.raises(Invalid, match="no snapshot"):
        write_job(round=round, stage="dpo")
    with pytest.raises(Invalid, match="checkpoint that this stage needs"):
        write_job(round=round, stage="evaluate")
    round.campaign.prompts.all().delete()
    with pytest.raises(Invalid, match="no train prompts"):
        write_job(round=round, stage="sample")
