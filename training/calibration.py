"""Is a reward model as sure as it may be? A temperature, the calibration error and a reliability curve.

A reward model states the chance that a person prefers one reply to another: ``sigmoid((s_i - s_j) / T)``. The
temperature T is fitted on held-out rankings after training (Guo et al. 2017); it changes no order, only how
sure the model is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import softplus

BINS = 10
"""Bins of the reliability curve, of equal width, over confidences from 0.5 to 1."""
FOLDS = 5
"""Parts that the prompts are dealt to, so that a temperature is judged on prompts it was not fitted on."""
PRIOR_SPREAD = math.log(2.0)
"""Standard deviation of log T around its start: without pairs T stays, with many they decide."""


@dataclass(frozen=True)
class Judged:
    """The pairs of one held-out ranking: ``differences`` of scores, chosen less rejected, ``[P]``.

    A ranking counts ``weight`` in the fit whatever its pairs, which are not independent of each other.
    """

    prompt_id: str
    differences: Tensor
    weight: float = 1.0


def fit_temperature(rankings: Sequence[Judged], start: float) -> float:
    """The T under which ``sigmoid(differences / T)`` fits best, held near ``start`` where there is little.

    Minimises ``sum_rankings weight mean_pairs -log sigmoid(d / T) + (log T - log start)^2 / (2 spread^2)``
    over log T. The second part, a prior of a factor of 2 to one standard deviation, is what keeps T finite
    when a handful of pairs is all right (T would be 0) or mostly wrong (T would be infinite).
    """
    centre, half = math.log(start), 6.0
    if not rankings:
        return start
    differences = torch.cat([judged.differences for judged in rankings]).double()
    shares = torch.cat(
        [
            torch.full((len(judged.differences),), judged.weight / len(judged.differences))
            for judged in rankings
        ]
    ).double()
    while half > 1e-4:  # a grid that closes in: the cost is one smooth valley
        grid = torch.linspace(centre - half, centre + half, 41, dtype=torch.float64)
        losses = [float((shares * softplus(-differences * math.exp(-x))).sum()) for x in grid.tolist()]
        prior = (grid - math.log(start)) ** 2 / (2 * PRIOR_SPREAD**2)
        centre = float(grid[int(torch.argmin(torch.tensor(losses) + prior))])
        half /= 10
    return math.exp(centre)


def cross_fitted(rankings: Sequence[Judged], start: float) -> list[float]:
    """For each ranking a temperature fitted without any ranking of its fold of prompts."""
    prompts = sorted({judged.prompt_id for judged in rankings})
    fold_of = {prompt: number % FOLDS for number, prompt in enumerate(prompts)}
    fitted = {
        fold: fit_temperature([own for own in rankings if fold_of[own.prompt_id] != fold], start)
        for fold in set(fold_of.values())
    }
    return [fitted[fold_of[judged.prompt_id]] for judged in rankings]


def reliability(logits: Tensor) -> list[dict[str, float]]:
    """How often the reply that is called better is better, by how sure the model is: the filled bins.

    ``logits`` are ``differences / T``, chosen less rejected, ``[P]``. The confidence in the higher of two
    is ``sigmoid(|logit|)``, from 0.5 to 1; equal scores are right half of the time. A bin has its edges
    ``low`` and ``high``, its mean ``confidence``, its ``accuracy`` and its ``pairs``.
    """
    confidence = torch.sigmoid(logits.double().abs())
    right = torch.where(logits == 0, 0.5, (logits > 0).double())
    number = ((confidence - 0.5) * 2 * BINS).long().clamp(max=BINS - 1)
    bins = []
    for index in range(BINS):
        own = number == index
        if own.any():
            bins.append(
                {
                    "low": 0.5 + index / (2 * BINS),
                    "high": 0.5 + (index + 1) / (2 * BINS),
                    "confidence": confidence[own].mean().item(),
                    "accuracy": right[own].mean().item(),
                    "pairs": int(own.sum()),
                }
            )
    return bins


def expected_calibration_error(bins: Sequence[dict[str, float]]) -> float:
    """``sum_b n_b / n |accuracy_b - confidence_b|`` (Naeini et al. 2015).

    Noise alone makes it positive: of n pairs in a bin about ``0.4 / sqrt(n)``.
    """
    pairs = sum(own["pairs"] for own in bins)
    return sum(own["pairs"] * abs(own["accuracy"] - own["confidence"]) for own in bins) / pairs


def scored_calibration(rankings: Sequence[Judged], temperatures: Sequence[float]) -> dict[str, Any]:
    """How well chances fit at a temperature a ranking; None stands where there is no pair.

    ``log_loss`` is the mean of ``-log sigmoid(d / T)`` over pairs, in nats (ln 2 is a guess);
    ``calibration_error`` is the expected one, ``reliability`` its bins.
    """
    if not rankings:
        return {"log_loss": None, "calibration_error": None, "reliability": []}
    logits = torch.cat([own.differences / t for own, t in zip(rankings, temperatures, strict=True)])
    bins = reliability(logits)
    return {
        "log_loss": softplus(-logits.double()).mean().item(),
        "calibration_error": expected_calibration_error(bins),
        "reliability": bins,
    }


def calibration_metrics(rankings: Sequence[Judged], start: float) -> dict[str, Any]:
    """The temperature, and how well chances fit ``before`` it (at ``start``) and ``after``, cross-fitted."""
    return {
        "temperature": fit_temperature(rankings, start),
        "before": scored_calibration(rankings, [start] * len(rankings)),
        "after": scored_calibration(rankings, cross_fitted(rankings, start)),
    }
