"""Jobs: what each stage of a round is told, as files in the round's folder.

``campaign-1/round-2/dpo/{job.json, prompts.jsonl, work/, output/}`` under the artifacts folder. The folder
belongs to the stage and not to one run of it, so a retried run resumes what the failed one had done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings

from annotate.campaigns.recipe import Recipe
from annotate.datasets.models import Snapshot
from annotate.errors import Invalid
from annotate.loop.models import TrainingRun
from annotate.prompts.models import Prompt, Split
from annotate.prompts.services import choose_prompts
from annotate.rounds.digests import model_location
from annotate.rounds.models import Checkpoint, CheckpointKind, Round
from annotate.rounds.services import checkpoint_of, first_policy_of
from training.contracts import (
    STAGES,
    JobSpec,
    LoraSpec,
    PromptRow,
    SamplingSpec,
    Stage,
    write_json,
    write_rows,
)

JOB_FILE = "job.json"


def stage_folder(round: Round, stage: Stage) -> Path:
    """Where one stage of a round keeps everything; absolute."""
    folder: Path = settings.ARTIFACTS_DIR / f"campaign-{round.campaign_id}" / f"round-{round.number}" / stage
    return folder


def log_file(run: TrainingRun) -> Path:
    """What the process of a run said, over all of its attempts."""
    return stage_folder(run.round, stage_of(run)) / f"run-{run.pk}.log"


def stage_of(run: TrainingRun) -> Stage:
    """The stage that a run is of."""
    return next(stage for stage in STAGES if stage == run.stage)


def write_job(*, round: Round, stage: Stage) -> JobSpec:
    """Write the stage's job file and what it reads; the same round gives the same job again.

    Raises :class:`Invalid` when the round lacks what the stage needs, :class:`OSError` when the files
    cannot be written.
    """
    folder = stage_folder(round, stage)
    folder.mkdir(parents=True, exist_ok=True)
    recipe = Recipe.parse(round.recipe)
    job = JobSpec(
        stage=stage,
        output=str(folder / "output"),
        work=str(folder / "work"),
        seed=recipe.seed + round.number,
        device=settings.STAGE_DEVICE,
        precision=settings.STAGE_PRECISION,
        params=recipe.params.get(stage, {}),
        **{"policy": _path(round.start_policy), **_BUILDERS[stage](round, recipe, folder)},
    )
    write_json(folder / JOB_FILE, job)
    return job


def _sample(round: Round, recipe: Recipe, folder: Path) -> dict[str, Any]:
    heldout = recipe.heldout_comparisons
    rows = _rows_to_sample(round, recipe, Split.TRAIN, recipe.comparisons - heldout)
    rows += _rows_to_sample(round, recipe, Split.HELDOUT, heldout)
    return {"prompts": _write_prompts(folder, rows), "sampling": _sampling(recipe), "k": recipe.k}


def _reward(round: Round, recipe: Recipe, folder: Path) -> dict[str, Any]:
    return {"rankings": _rankings_so_far(round), "lora": _lora(recipe)}


def _dpo(round: Round, recipe: Recipe, folder: Path) -> dict[str, Any]:
    return {
        "rankings": _rankings_so_far(round),
        "reference": _path(round.start_policy),
        "lora": _lora(recipe),
    }


def _evaluate(round: Round, recipe: Recipe, folder: Path) -> dict[str, Any]:
    heldout = Prompt.objects.filter(campaign=round.campaign_id, split=Split.HELDOUT).order_by("pk")
    return {
        "policy": _path(checkpoint_of(round, CheckpointKind.POLICY)),
        "reference": _path(round.start_policy),
        "base": _path(first_policy_of(round.campaign)),
        "reward_model": _path(checkpoint_of(round, CheckpointKind.REWARD)),
        "prompts": _write_prompts(folder, [PromptRow(str(prompt.pk), prompt.messages) for prompt in heldout]),
        "sampling": _sampling(recipe),
    }


_BUILDERS: dict[Stage, Callable[[Round, Recipe, Path], dict[str, Any]]] = {
    "sample": _sample,
    "reward": _reward,
    "dpo": _dpo,
    "evaluate": _evaluate,
}


def _rows_to_sample(round: Round, recipe: Recipe, split: Split, count: int) -> list[PromptRow]:
    """``count`` rows; when there are fewer prompts they come again as ``ID.1``, ``ID.2`` with other seeds."""
    if count == 0:
        return []
    available = Prompt.objects.filter(campaign=round.campaign_id, split=split).count()
    if available == 0:
        raise Invalid(f"The campaign has no {split} prompts: import some.")
    chosen = choose_prompts(
        campaign=round.campaign,
        split=split,
        count=min(count, available),
        seed=recipe.seed,
        round_number=round.number,
    )
    turns = ((number // len(chosen), chosen[number % len(chosen)]) for number in range(count))
    return [
        PromptRow(f"{prompt.pk}.{again}" if again else str(prompt.pk), prompt.messages)
        for again, prompt in turns
    ]


def _write_prompts(folder: Path, rows: Sequence[PromptRow]) -> str:
    path = folder / "prompts.jsonl"
    write_rows(path, rows)
    return str(path)


def _rankings_so_far(round: Round) -> list[str]:
    """Everything that people have said in this campaign: a round alone is little to learn from."""
    so_far = Snapshot.objects.filter(round__campaign=round.campaign_id, round__number__lte=round.number)
    files = [str(settings.ARTIFACTS_DIR / snapshot.path) for snapshot in so_far.order_by("round__number")]
    if not files:
        raise Invalid("There is no snapshot of rankings to train on.")
    return files


def _sampling(recipe: Recipe) -> SamplingSpec:
    return SamplingSpec(list(recipe.temperatures), recipe.top_p, recipe.max_new_tokens)


def _lora(recipe: Recipe) -> LoraSpec | None:
    return LoraSpec() if recipe.lora else None


def _path(checkpoint: Checkpoint | None) -> str:
    if checkpoint is None:
        raise Invalid("A checkpoint that this stage needs is missing.")
    return model_location(checkpoint.path)
