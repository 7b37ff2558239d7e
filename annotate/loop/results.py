"""Recording what a stage made: one transaction, and only by the worker that holds the run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from annotate.campaigns.recipe import METHODS, Recipe
from annotate.datasets.services import freeze_judged
from annotate.loop.models import RunState, TrainingRun
from annotate.loop.runs import Claim, announce
from annotate.ranking.services import add_comparisons
from annotate.rounds.models import ENDED, Checkpoint, CheckpointKind, Round
from training.contracts import META_FILE, RESULT_FILE, ContractError, read_completions


def record_result(claim: Claim) -> bool:
    """Record the result in the run's output folder; False when the claim is lost.

    Raises :class:`ContractError` when the stage left no result that can be read.
    """
    with transaction.atomic():
        run = claim.rows().select_for_update(of=("self",)).select_related("round").first()
        if run is None or run.round.state in ENDED:
            return False
        output = Path(run.job["output"])
        result = _read_json(output / RESULT_FILE)
        _RECORDERS[run.stage](run, output, result)
        TrainingRun.objects.filter(pk=run.pk).update(state=RunState.SUCCEEDED, result=result, ended_at=Now())
        run.refresh_from_db()
        announce(run)
    return True


def _record_completions(run: TrainingRun, output: Path, result: dict[str, Any]) -> None:
    path = output / result["files"]["completions"]
    add_comparisons(round=run.round, completions=lambda: read_completions(path))


def _record_judged(run: TrainingRun, output: Path, result: dict[str, Any]) -> None:
    freeze_judged(round=run.round, rankings=output / result["files"]["rankings"])


def _record_reward_model(run: TrainingRun, output: Path, result: dict[str, Any]) -> None:
    _record_checkpoint(run.round, CheckpointKind.REWARD, "reward model", output, result)


def _record_safety_model(run: TrainingRun, output: Path, result: dict[str, Any]) -> None:
    """None where nobody has said enough of safety to learn: the result says so."""
    if "checkpoint" in result["files"]:
        _record_checkpoint(run.round, CheckpointKind.SAFETY, "safety model", output, result)


def _record_policy(run: TrainingRun, output: Path, result: dict[str, Any]) -> None:
    """The last method of the recipe makes the challenger; what comes before it is where the next starts."""
    if run.stage == Recipe.parse(run.round.recipe).policy_stages[-1]:
        _record_checkpoint(run.round, CheckpointKind.POLICY, "policy", output, result)


def _record_evaluation(run: TrainingRun, output: Path, result: dict[str, Any]) -> None:
    """The run's own result says it all; the samples stay in their file."""


_RECORDERS: dict[str, Callable[[TrainingRun, Path, dict[str, Any]], None]] = {
    "sample": _record_completions,
    "judge": _record_judged,
    "reward": _record_reward_model,
    "safety": _record_safety_model,
    **dict.fromkeys(METHODS.values(), _record_policy),
    "evaluate": _record_evaluation,
}


def _record_checkpoint(
    round: Round, kind: CheckpointKind, name: str, output: Path, result: dict[str, Any]
) -> None:
    folder = output / result["files"]["checkpoint"]
    Checkpoint.objects.create(
        campaign_id=round.campaign_id,
        kind=kind,
        name=f"round {round.number} {name}",
        parent=round.start_policy,
        round=round,
        path=str(folder.relative_to(settings.ARTIFACTS_DIR)),
        digest=_read_json(folder / META_FILE).get("hash", ""),
        metrics=result["metrics"],
    )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise ContractError(f"The stage left no {path.name} that can be read: {problem}.") from problem
    if not isinstance(value, dict):
        raise ContractError(f"The stage left a {path.name} that is no JSON object.")
    return value
