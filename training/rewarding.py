"""The objective of a reward model, over all that rankings say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from transformers import PreTrainedModel

from training.data import Ranking
from training.engine import Objective, Summed
from training.logprobs import completion_heads
from training.losses import pair_differences
from training.params import RewardParams
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
            paid = torch.stack([reward_loss(head, ranking.pairs, params) for head in own.unbind(dim=1)])
            if counts:
                paid = counts[id(ranking)].to(paid) * paid
            total = total + share * paid.mean()
            right += share * (pair_differences(own.mean(dim=1), ranking.pairs) > 0).float().mean().item()
        return Summed(total, {"accuracy": right})

    return Objective(loss, lambda ranking: ranking.share(params.reduction))
