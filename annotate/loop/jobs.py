"""Jobs: what each stage of a round is told, as files in the round's folder.

``campaign-1/round-2/dpo/{job.json, prompts.jsonl, work/, output/}`` under the artifacts folder. The folder
belongs to the stage and not to one run of it, so a retried run resumes what the failed one had done.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings

from annotate.campaigns.recipe import Recipe
from annotate.errors import Invalid
from annotate.loop import inputs
from annotate.loop.models import RunState, TrainingRun
from annotate.prompts.models import Split
from annotate.rounds.digests import model_location
from annotate.rounds.models import Checkpoint, CheckpointKind, Round
from annotate.rounds.services import checkpoint_before, checkpoint_of, first_policy_of
from training.contracts import (
    STAGES,
    JobSpec,
    LoraSpec,
    SamplingSpec,
    Stage,
    write_json,
)

JOB_FILE = "job.json"
Builder = Callable[[Round, Recipe, Path], dict[str, Any]]


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
        **{
            "policy": _path(round.start_policy),
            "params": recipe.params.get(stage, {}),
            **_BUILDERS[stage](round, recipe, folder),
        },
    )
    write_json(folder / JOB_FILE, job)
    return job


def _sample(round: Round, recipe: Recipe, folder: Path) -> dict[str, Any]:
    heldout = recipe.heldout_comparisons
    rows = inputs.prompts_to_sample(round, recipe, Split.TRAIN, recipe.comparisons - heldout)
    rows += inputs.prompts_to_sample(round, recipe, Split.HELDOUT, heldout)
    return {
        "prompts": inputs.write_prompts(folder, rows),
        "sampling": _sampling(recipe),
        "k": recipe.k,
    }


def _judge(round: Round, recipe: Recipe, folder: Path) -> dict[str, Any]:
    """Whom it asks, and where its key lies, is the operator's to say and not the recipe's."""
    prompts, completions = inputs.write_completions(round, folder, so_far=False)
    whom = {
        "judge": recipe.judge,
        "url": settings.JUDGE_URL,
        "model": settings.JUDGE_MODEL,
        "key_variable": "JUDGE_API_KEY",
        "round": round.number,
    }
    params = {**recipe.params.get("judge", {}), **whom}
    return {"prompts": prompts, "completions": completions, "params": params}


def _fitted(kind: CheckpointKind) -> Builder:
    """A model that scores replies, from everything that was said so far."""

    def build(round: Round, recipe: Recipe, folder: Path) -> dict[str, Any]:
        before = checkpoint_before(round, kind)
        return {
            "rankings": inputs.rankings_so_far(round),
            "lora": _lora(recipe),
            "previous_reward_model": _path(before) if before else "",
        }

    return build


def _sft(round: Round, recipe: Recipe, folder: Path) -> dict[str, Any]:
    return {"dialogues": [inputs.write_dialogues(round, folder)]}


def _rejection(round: Round, recipe: Recipe, folder: Path) -> dict[str, Any]:
    prompts, completions = inputs.write_completions(round, folder, so_far=True)
    return {"prompts": prompts, "completions": completions, **_scorers(round)}


def _dpo(round: Round, recipe: Recipe, folder: Path) -> dict[str, Any]:
    """Rankings; with a ``silver_weight`` in the recipe, also what the reward model says of fresh replies."""
    rankings = {"rankings": inputs.rankings_so_far(round)}
    if not recipe.params.get("dpo", {}).get("silver_weight"):
        return rankings
    return {**rankings, **_fresh_replies(round, recipe, folder)}


def _kto(round: Round, recipe: Recipe, folder: Path) -> dict[str, Any]:
    return {"rankings": inputs.rankings_so_far(round)}


def _fresh_replies(round: Round, recipe: Recipe, folder: Path) -> dict[str, Any]:
    """What a method needs that lets the policy answer anew and the reward model judge."""
    return {
        **_scorers(round),
        "prompts": inputs.write_prompts(folder, inputs.prompts_to_learn_from(round, recipe)),
        "sampling": _sampling(recipe),
        "k": recipe.k,
    }


def _own_replies(round: Round, recipe: Recipe, folder: Path) -> dict[str, Any]:
    """As :func:`_fresh_replies`, but drawn from the policy's own distribution, whatever people rank."""
    sampling = SamplingSpec([1.0], 1.0, recipe.max_new_tokens)
    return {**_fresh_replies(round, recipe, folder), "sampling": sampling}


def _online(round: Round, recipe: Recipe, folder: Path) -> dict[str, Any]:
    """Fresh replies; with ``refresh_every`` in the recipe, as D2PO.

    Then the labels come from the reward model of the round before, which learns what people said in this
    round while the policy is trained.
    """
    fresh = _fresh_replies(round, recipe, folder)
    before = checkpoint_before(round, CheckpointKind.REWARD)
    if not recipe.params.get("online", {}).get("refresh_every") or before is None:
        return fresh
    return {**fresh, "reward_model": _path(before), "rankings": inputs.rankings_so_far(round)}


def _evaluate(round: Round, recipe: Recipe, folder: Path) -> dict[str, Any]:
    return {
        "policy": _path(checkpoint_of(round, CheckpointKind.POLICY)),
        "reference": _path(round.start_policy),
        "base": _path(first_policy_of(round.campaign)),
        **_scorers(round),
        "prompts": inputs.write_prompts(folder, inputs.heldout_prompts(round)),
        "sampling": _sampling(recipe),
    }


def _method(build: Builder, stage: Stage) -> Builder:
    """A stage that trains the policy: from where the method before it ended, held to the round's start."""

    def build_method(round: Round, recipe: Recipe, folder: Path) -> dict[str, Any]:
        return {
            "policy": _policy_before(round, recipe, stage),
            "reference": _path(round.start_policy),
            "lora": _lora(recipe),
            **build(round, recipe, folder),
        }

    return build_method


_METHODS: dict[Stage, Builder] = {
    "sft": _sft,
    "rejection": _rejection,
    "dpo": _dpo,
    "kto": _kto,
    "online": _online,
    "ppo": _own_replies,
    "rloo": _own_replies,
}
_BUILDERS: dict[Stage, Builder] = {
    "sample": _sample,
    "judge": _judge,
    "reward": _fitted(CheckpointKind.REWARD),
    "safety": _fitted(CheckpointKind.SAFETY),
    **{stage: _method(build, stage) for stage, build in _METHODS.items()},
    "evaluate": _evaluate,
}


def _policy_before(round: Round, recipe: Recipe, stage: Stage) -> str:
    """Where the method before this one ended; the round's start for the first."""
    place = recipe.policy_stages.index(stage)
    if place == 0:
        return _path(round.start_policy)
    earlier = recipe.policy_stages[place - 1]
    run = round.runs.filter(stage=earlier, state=RunState.SUCCEEDED).first()
    if run is None or run.result is None:
        raise Invalid(f"The stage {earlier}, from which {stage} starts, has no result.")
    return str(Path(run.job["output"]) / run.result["files"]["checkpoint"])


def _scorers(round: Round) -> dict[str, str]:
    """What scores replies in this round: its reward model, and its safety model where there is one."""
    safety = checkpoint_of(round, CheckpointKind.SAFETY)
    return {
        "reward_model": _path(checkpoint_of(round, CheckpointKind.REWARD)),
        "safety_model": _path(safety) if safety else "",
    }


def _sampling(recipe: Recipe) -> SamplingSpec:
    return SamplingSpec(list(recipe.temperatures), recipe.top_p, recipe.max_new_tokens)


def _lora(recipe: Recipe) -> LoraSpec | None:
    return LoraSpec() if recipe.lora else None


def _path(checkpoint: Checkpoint | None) -> str:
    if checkpoint is None:
        raise Invalid("A checkpoint that this stage needs is missing.")
    return model_location(checkpoint.path)
