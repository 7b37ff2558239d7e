"""One ragged row of tokens: each prompt once, then its completions, with no padding.

Positions restart after the prompt for each completion, so that every completion sits where it would
sit if it alone followed the prompt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

T = TypeVar("T")


@dataclass(frozen=True)
class Group:
    """A prompt and completions of it, as token ids; the boundary between them is never guessed."""

    prompt: list[int]
    completions: list[list[int]]

    @property
    def tokens(self) -> int:
        """Tokens that a forward pass over the group runs."""
        return len(self.prompt) + sum(map(len, self.completions))


@dataclass(frozen=True)
class Span:
    """Where one group lies in the row; the ends are exclusive."""

    start: int
    prompt_end: int
    completions: list[slice]

    @property
    def prompt_length(self) -> int:
        """Tokens of the prompt."""
        return self.prompt_end - self.start


@dataclass(frozen=True)
class Row:
    """Groups laid end to end: ``ids`` and ``positions`` are ``[1, T]``."""

    ids: Tensor
    positions: Tensor
    spans: list[Span]

    def segment_lengths(self) -> list[int]:
        """Tokens of each prompt and each of its completions, in the order of the row."""
        return [
            length
            for span in self.spans
            for length in (span.prompt_length, *(own.stop - own.start for own in span.completions))
        ]

    def completion_lengths(self) -> list[int]:
        """Tokens of each completion, in the order of the row."""
        return [own.stop - own.start for span in self.spans for own in span.completions]

    def predicting(self) -> list[int]:
        """For each completion token, in order, the index whose output predicts it."""
        return [
            index
            for span in self.spans
            for own in span.completions
            for index in (span.prompt_end - 1, *range(own.start, own.stop - 1))
        ]

    def last(self) -> list[int]:
        """The index of the last token of each completion."""
        return [own.stop - 1 for span in self.spans for own in span.completions]


def lay_out(groups: Sequence[Group], device: torch.device | str = "cpu") -> Row:
    """Lay groups end to end in one row."""
    ids: list[int] = []
    positions: list[int] = []
    spans = []
    for group in groups:
        start = len(ids)
        ids += group.prompt
        positions += range(len(group.prompt))
        prompt_end = len(ids)
        own = []
        for completion in group.completions:
            own.append(slice(len(ids), len(ids) + len(completion)))
            ids += completion
            positions += range(len(group.prompt), len(group.prompt) + len(completion))
        spans.append(Span(start, prompt_end, own))
    return Row(torch.tensor([ids], device=device), torch.tensor([positions], device=device), spans)


def by_token_budget(items: Sequence[T], cost: Callable[[T], int], budget: int) -> Iterator[list[T]]:
    """Cut ``items`` into runs of at most ``budget`` tokens, in order; a dearer item runs alone."""
    batch: list[T] = []
    spent = 0
    for item in items:
        price = cost(item)
        if batch and spent + price > budget:
            yield batch
            batch, spent = [], 0
        batch.append(item)
        spent += price
    if batch:
        yield batch
