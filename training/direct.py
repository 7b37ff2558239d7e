"""The objective of direct preference optimisation, over rankings from a file or drawn on the way."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import torch
from torch import Tensor
from transformers import PreTrainedModel

from training.engine import Objective, Summed
from training.logprobs import completion_logprobs
from training.losses import Pair
from training.params.preference import PairLossParams
from training.preference import ranking_loss
from training.segments import Group


class Ranked(Protocol):
    """Completions best first, and the pairs that their order states."""

    @property
    def group(self) -> Group:
        """The prompt and its completions."""
        ...

    @property
    def pairs(self) -> Sequence[Pair]:
        """Better, worse and margin level."""
        ...

    @property
    def tokens(self) -> int:
        """Tokens that a forward pass over it runs."""
        ...

    def share(self, reduction: str) -> float:
        """Its part of a batch."""
        ...


R = TypeVar("R", bound=Ranked)


def direct_objective(
    policy: PreTrainedModel,
    reference_of: Callable[[R], Tensor],
    params: PairLossParams,
    *,
    starts_at_reference: bool,
) -> Objective[R]:
    """The chosen loss and the anchor: the best reply's negative log-likelihood a token (Llama 3, 4.1.4).

    ``reference_of`` gives the log-probabilities of a ranking's completions under the reference, ``[K]``;
    with ``starts_at_reference`` the policy is that now, and the first loss is held to what that must give.
    """

    def loss(batch: Sequence[R]) -> Summed:
        logprobs = completion_logprobs(policy, [ranking.group for ranking in batch])
        sizes = [len(ranking.group.completions) for ranking in batch]
        lengths = torch.tensor(logprobs.lengths, device=policy.device).split(sizes)
        total, untrained = logprobs.flat.new_zeros(()), 0.0
        sums = dict.fromkeys(("loss", "accuracy", "margin", "surprise", "kl"), 0.0)
        for ranking, own, length in zip(batch, logprobs.sums().split(sizes), lengths, strict=True):
            before = reference_of(ranking).to(own.device)
            result = ranking_loss(own, before, length, ranking.pairs, params)
            share = ranking.share(params.reduction)
            surprise = -own[0] / length[0]
            total = total + share * (result.loss + params.anchor * surprise)
            sums["loss"] += share * result.loss.item()
            sums["surprise"] += share * surprise.item()
            untrained += share * (
                result.untrained if starts_at_reference and result.untrained is not None else math.nan
            )
            sums["accuracy"] += share * result.accuracy
            sums["margin"] += share * result.margin
            sums["kl"] += share * (before - own).mean().item()
        return Summed(total, sums, untrained)

    return Objective(loss, lambda ranking: ranking.share(params.reduction), apart=True)
