"""Log-probabilities and rewards of completions, read at explicit indices of a ragged row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from transformers import PreTrainedModel

from training.forward import hidden_states
from training.segments import Group, Row, by_token_budget, lay_out
from training.vocabulary import head_of, target_logprobs


class TokenLogprobs(NamedTuple):
    """Natural log-probabilities of completion tokens, flat ``[sum of lengths]``, and those lengths."""

    flat: Tensor
    lengths: list[int]

    def sums(self) -> Tensor:
        """Log-probability of each whole completion, ``[completions]``."""
        return torch.stack([part.sum() for part in self.flat.split(self.lengths)])


def completion_logits(policy: PreTrainedModel, row: Row) -> Tensor:
    """Float32 logits ``[completion tokens, vocabulary]`` that predict each completion token of the row.

    Only those positions go through the vocabulary.
    """
    return head_of(policy).logits(_predicting(policy, row))


def completion_logprobs(
    policy: PreTrainedModel, groups: Sequence[Group], temperature: float = 1.0
) -> TokenLogprobs:
    """Score every completion token of ``groups`` in one forward pass, as drawn at ``temperature``."""
    row = lay_out(groups, policy.device)
    targets = torch.cat([row.ids[0, own] for span in row.spans for own in span.completions])
    flat = target_logprobs(head_of(policy), _predicting(policy, row), targets, temperature)
    return TokenLogprobs(flat, row.completion_lengths())


def _predicting(policy: PreTrainedModel, row: Row) -> Tensor:
    """The hidden state that predicts each completion token, ``[completion tokens, d]``."""
    return hidden_states(policy, row)[torch.tensor(row.predicting(), device=policy.device)]


@torch.no_grad()
def sequence_kl(policy: PreTrainedModel, other: PreTrainedModel, groups: Sequence[Group]) -> Tensor:
    """KL(policy || other) along each completion, ``[completions]``, in nats.

    Over replies drawn from the policy at temperature 1 the mean is the KL of whole replies: the sum over
    tokens of the exact KL of the next-token distributions, the Rao-Blackwell form of the Monte Carlo
    estimate log pi - log pi_other, with the same mean and less noise.
    """
    row = lay_out(groups, policy.device)
    ours = torch.log_softmax(completion_logits(policy, row), dim=-1)
    theirs = torch.log_softmax(completion_logits(other, row), dim=-1)
    flat = (ours.exp() * (ours - theirs)).sum(dim=-1)
    return TokenLogprobs(flat, row.completion_lengths()).sums()


def completion_heads(reward_model: PreTrainedModel, groups: Sequence[Group]) -> Tensor:
    """The raw score of each completion by each head, ``[completions, E]``, read at its own last token."""
    row = lay_out(groups, reward_model.device)
    last = torch.tensor(row.last(), device=reward_model.device)
    hidden = hidden_states(reward_model, row)
    return reward_model.score(hidden[last]).float()  # type: ignore[operator]  # a Linear


@torch.no_grad()
def sums_in_batches(
    policy: PreTrainedModel, groups: Sequence[Group], micro_tokens: int
) -> Iterator[list[Tensor]]:
    """Log-probabilities of whole completions, in nats, no gradients: a ``[K]`` a group, by batches."""
    for batch in by_token_budget(groups, lambda group: group.tokens, micro_tokens):
        sums = completion_logprobs(policy, batch).sums()
        yield list(sums.cpu().split([len(group.completions) for group in batch]))
