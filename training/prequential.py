"""Scoring what is new before it is trained on: the last reward model on rankings that it has not seen."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.agreement import accuracy_metrics, judged
from training.calibration import scored_calibration
from training.contracts import ContractError
from training.data import Encoder, Ranking
from training.run import Run
from training.scoring import RewardModel
from training.segments import Group

TRAINED_ON_FILE = "trained_on.txt"
"""In a reward model's checkpoint: a line for each comparison that it was trained on."""


def comparison_key(group: Group) -> str:
    """What two rankings of the same completions of a prompt have in common, whoever made them."""
    parts = [group.prompt, *sorted(group.completions)]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]


def write_trained_on(folder: Path, rankings: Sequence[Ranking]) -> None:
    """Leave in a checkpoint which comparisons it has learnt, so that the next can tell what is new."""
    keys = sorted({comparison_key(ranking.group) for ranking in rankings})
    (folder / TRAINED_ON_FILE).write_text("".join(f"{key}\n" for key in keys), encoding="utf-8")


def read_trained_on(source: str, role: str) -> set[str]:
    """The keys of what a reward model has learnt; raises :class:`ContractError` where it does not say."""
    try:
        return set((Path(source) / TRAINED_ON_FILE).read_text(encoding="utf-8").split())
    except (OSError, ValueError) as problem:
        raise ContractError(
            f"The {role} {source} has no {TRAINED_ON_FILE}: what is new to it is not known."
        ) from problem


def prequential_metrics(
    run: Run, encoder: Encoder, rankings: Sequence[Ranking], micro_tokens: int
) -> dict[str, Any]:
    """``job.previous_reward_model`` on people's rankings of comparisons that it was not trained on.

    A model that cannot be tried fails no training: ``not_measured`` then says why.
    """
    try:
        model, known = _previous(run, encoder)
    except ContractError as problem:
        run.reporter.say(f"What is new is not measured before it is learnt. {problem}")
        return {"not_measured": str(problem)}
    new = [own for own in rankings if own.source == "human" and comparison_key(own.group) not in known]
    scores = model.rewards([ranking.group for ranking in new], micro_tokens)
    return {
        "rankings": len(new),
        **accuracy_metrics(new, scores),
        **scored_calibration(judged(new, scores), [model.temperature] * len(new)),
    }


def _previous(run: Run, encoder: Encoder) -> tuple[RewardModel, set[str]]:
    """The model and the keys of what it has learnt; raises :class:`ContractError` where it has neither."""
    source = run.job.previous_reward_model
    model = RewardModel(source, run.job, "previous reward model")
    if not encoder.shares_tokens(model.encoder):
        raise ContractError(
            f"The previous reward model {source} has another vocabulary than the policy {run.job.policy}."
        )
    return model, read_trained_on(source, "previous reward model")
