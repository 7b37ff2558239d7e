"""The objective of a reward model, over all that rankings say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from transformers import PreTrainedModel

from training.data import Ranking
from training.engine import Objective, Summed
from training.logprobs import completion_heads
from training.losses import pair_differences, said_safe
from training.params import RewardParams, SafetyParams
from training.preference import reward_loss


def reward_objective(
    model: PreTrainedModel, params: RewardParams, counts: Mapping[int, Tensor]
) -> Objective[Ranking]:
    """All pairs of a ranking as one element; a head counts it as ``counts`` says, by identity, or once."""

    def loss(batch: Sequence[Ranking]) -> Summed:
        scores = completion_heads(model, [ranking.group for ranking in batch])
        total, right = scores.new_zeros(()), 0.0
        sizes = [len(ranking.group.completions) for ranking in batch]
        for ranking, own in zip(batch, scores.split(sizes), strict=True):
            share = ranking.share(params.reduction)
            paid = torch.stack([_paid(head, ranking, params) for head in own.unbind(dim=1)])
            if counts:
                paid = counts[id(ranking)].to(paid) * paid
            total = total + share * paid.mean()
            if ranking.pairs:
                differences = pair_differences(own.mean(dim=1), ranking.pairs)
                right += share * (differences > 0).float().mean().item()
        return Summed(total, {"accuracy": right})

    return Objective(loss, lambda ranking: ranking.share(params.reduction), apart=True)


def _paid(scores: Tensor, ranking: Ranking, params: RewardParams) -> Tensor:
    """What a head pays for its scores ``[K]``: for the pairs, and in a safety model for the labels."""
    paid = reward_loss(scores, ranking.pairs, params) if ranking.pairs else scores.new_zeros(())
    if isinstance(params, SafetyParams) and any(said is not None for said in ranking.safe):
        paid = paid + params.safety_weight * said_safe(scores, ranking.safe).mean()
    return paid
