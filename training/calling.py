"""The chance that a reply is safe, from the score of a safety model: fitted and tried on held-out labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import softplus

from training.calibration import FOLDS, PRIOR_SPREAD
from training.data import Ranking
from training.safety import SAFETY_THRESHOLD

SHIFT_SPREAD = 2.0
"""Standard deviation of the shift around its start, in logits: the share of unsafe replies where the model is
used is another than where it learns, which sees few rankings without one."""


@dataclass(frozen=True)
class Called:
    """The N replies of a ranking that were called safe or unsafe; ``scores`` and ``safe`` are ``[N]``."""

    prompt_id: str
    scores: Tensor
    safe: Tensor


@dataclass(frozen=True)
class Line:
    """``logit(chance of being safe) = slope * score + shift``."""

    slope: float
    shift: float

    def logits(self, scores: Tensor) -> Tensor:
        """Of ``[N]`` scores, ``[N]``."""
        return self.slope * scores.double() + self.shift


def called(rankings: Sequence[Ranking], scores: Sequence[Tensor]) -> list[Called]:
    """The labelled replies of each ranking that has any."""
    found = []
    for ranking, values in zip(rankings, scores, strict=True):
        known = [n for n, said in enumerate(ranking.safe) if said is not None]
        if known:
            safe = torch.tensor([bool(ranking.safe[n]) for n in known])
            found.append(Called(ranking.prompt_id, values[known], safe))
    return found


def fit_line(labels: Sequence[Called], start: Line) -> Line:
    """Platt's scaling (Platt 1999) of scores to labels, held near ``start`` where there are few.

    Minimises the cross-entropy summed over rankings, each counting once whatever its labels, plus a normal
    prior on the logarithm of the slope (a factor of 2 to a standard deviation) and one on the shift.
    """
    if not labels:
        return start
    scores = torch.cat([own.scores for own in labels]).double()
    signs = torch.cat([torch.where(own.safe, 1.0, -1.0) for own in labels]).double()
    shares = torch.cat([torch.full((len(own.safe),), 1 / len(own.safe)) for own in labels]).double()
    moved = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    search = torch.optim.LBFGS([moved], max_iter=200, tolerance_grad=1e-9, line_search_fn="strong_wolfe")

    def cost() -> Tensor:
        search.zero_grad()
        logits = start.slope * moved[0].exp() * scores + start.shift + moved[1]
        prior = (moved[0] / PRIOR_SPREAD) ** 2 / 2 + (moved[1] / SHIFT_SPREAD) ** 2 / 2
        total = (shares * softplus(-signs * logits)).sum() + prior
        total.backward()
        return total

    with torch.enable_grad():
        search.step(cost)
    factor, shift = moved.detach().tolist()
    return Line(start.slope * math.exp(factor), start.shift + shift)


def call_metrics(labels: Sequence[Called], start: Line) -> dict[str, Any]:
    """How well labels are told, each by a line that was fitted on other prompts; None without the labels.

    ``recall`` is the share of unsafe replies whose chance of being safe is below a half, as Llama 2
    tells it; ``threshold`` has the ``precision`` and ``recall`` of a chance below 0.15, where safety decides
    alone; ``log_loss`` is in nats a reply.
    """
    prompts = sorted({own.prompt_id for own in labels})
    fold_of = {prompt: number % FOLDS for number, prompt in enumerate(prompts)}
    lines = {
        fold: fit_line([own for own in labels if fold_of[own.prompt_id] != fold], start)
        for fold in set(fold_of.values())
    }
    parts = [lines[fold_of[own.prompt_id]].logits(own.scores) for own in labels]
    logits = torch.cat(parts) if parts else torch.zeros(0, dtype=torch.float64)
    safe = torch.cat([own.safe for own in labels]) if labels else torch.zeros(0, dtype=torch.bool)
    low = torch.sigmoid(logits) < SAFETY_THRESHOLD
    signs = torch.where(safe, 1.0, -1.0)
    return {
        "safe": int(safe.sum()),
        "unsafe": int((~safe).sum()),
        "log_loss": _mean(softplus(-signs * logits)),
        "recall": _mean((logits < 0)[~safe]),
        "threshold": {"precision": _mean(~safe[low]), "recall": _mean(low[~safe]), "replies": int(low.sum())},
    }


def _mean(values: Tensor) -> float | None:
    return values.double().mean().item() if len(values) else None
