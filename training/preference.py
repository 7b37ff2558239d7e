"""The loss of one ranking, for a reward model and under each method of direct preference optimisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from training import losses
from training.losses import MARGINS, Pair
from training.params import RewardParams
from training.params.preference import PairLossParams

PER_TOKEN = ("ipo", "sigmoid_norm", "simpo")
"""Losses over means per token; the others sum over a completion's tokens."""


def reward_loss(scores: Tensor, pairs: Sequence[Pair], params: RewardParams) -> Tensor:
    """What a reward model pays for its ``scores`` ``[K]`` of a ranking: a scalar, a mean over pairs.

    Plackett-Luce is a sum over places instead, since it has no pairs to take a mean of.
    """
    differences = losses.pair_differences(scores, pairs)
    levels = torch.tensor([pair[2] for pair in pairs], device=scores.device)
    match params.loss:
        case "bradley_terry":
            margins = losses.margins_of(pairs, params.margin).to(scores.device)
            paid = losses.bradley_terry(differences, margins).mean()
        case "scaled":
            paid = losses.scaled_bradley_terry(differences, levels).mean()
        case "plackett_luce":
            paid = losses.plackett_luce(scores, pairs)
    if params.centering:
        paid = paid + params.centering * losses.centering(scores, pairs).mean()
    return paid


class RankingLoss(NamedTuple):
    """Means over the pairs of one ranking: the loss, that of an untrained policy, and what is logged."""

    loss: Tensor
    untrained: float | None
    accuracy: float
    margin: float


def ranking_loss(
    policy: Tensor, reference: Tensor, lengths: Tensor, pairs: Sequence[Pair], params: PairLossParams
) -> RankingLoss:
    """The loss of one ranking.

    ``policy`` and ``reference`` are log-probabilities of its completions in nats, ``lengths`` their tokens,
    all ``[K]``. SimPO has no reference, so its untrained loss is not known.
    """
    values = policy if params.loss == "simpo" else policy - reference
    if params.loss in PER_TOKEN:
        values = values / lengths
    differences = losses.pair_differences(values, pairs)
    weights = _weights(pairs, params).to(values.device)
    paid = (weights * _pair_losses(differences, pairs, params)).sum()
    untrained = None
    if params.loss != "simpo":
        at_start = _pair_losses(torch.zeros_like(differences), pairs, params)
        untrained = (weights * at_start).sum().item()
    return RankingLoss(
        paid,
        untrained,
        accuracy=(differences > 0).float().mean().item(),
        margin=params.beta * differences.mean().item(),
    )


def _weights(pairs: Sequence[Pair], params: PairLossParams) -> Tensor:
    """Shares of the pairs in their ranking, which sum to 1: equal, or growing with the margin level."""
    raw = torch.tensor([1.0 + params.margin_weight * pair[2] for pair in pairs])
    return raw / raw.sum()


def _pair_losses(differences: Tensor, pairs: Sequence[Pair], params: PairLossParams) -> Tensor:
    beta = params.beta
    match params.loss:
        case "sigmoid" | "sigmoid_norm":
            return losses.dpo_sigmoid(differences, beta)
        case "cdpo":
            return losses.conservative_dpo(differences, beta, params.flipped)
        case "robust":
            return losses.robust_dpo(differences, beta, params.flipped)
        case "ipo":
            return losses.ipo(differences, beta)
        case "odpo":
            offsets = torch.tensor([MARGINS["small"][pair[2]] for pair in pairs], device=differences.device)
            return losses.offset_dpo(differences, beta, params.offset * offsets)
        case "simpo":
            return losses.simpo(differences, beta, params.gamma)
