"""What the training loop trains on at each step: shuffled data, or whatever a stage draws as it goes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

import torch
from torch import Tensor

from training.params import LoopParams


class Item(Protocol):
    """One element of a batch."""

    @property
    def tokens(self) -> int:
        """Tokens that a forward pass over it runs."""
        ...


T = TypeVar("T", bound=Item)
Anything = TypeVar("Anything")
Given_co = TypeVar("Given_co", bound=Item, covariant=True)


class Batches(Protocol[Given_co]):
    """The batch of each step. What it remembers between steps is saved and restored with the weights."""

    @property
    def total(self) -> int:
        """The most steps there are."""
        ...

    def at(self, step: int) -> Sequence[Given_co]:
        """The elements of one step, asked for in order; empty when there is nothing left to learn."""
        ...

    def figures(self) -> dict[str, float]:
        """What is logged beside the metrics of the step that :meth:`at` was last asked for."""
        ...

    def state(self) -> dict[str, Tensor]:
        """All that :meth:`at` needs for the next step, beside the weights."""
        ...

    def restore(self, state: dict[str, Tensor]) -> None:
        """Take up what :meth:`state` gave."""
        ...


def batch_at(step: int, items: Sequence[Anything], size: int, seed: int) -> list[Anything]:
    """The elements of one step: each epoch is its own permutation, cut into batches of ``size``."""
    per_epoch = math.ceil(len(items) / size)
    epoch, position = divmod(step, per_epoch)
    generator = torch.Generator().manual_seed((seed * 1_000_003 + epoch) % 2**63)
    order = torch.randperm(len(items), generator=generator).tolist()
    return [items[index] for index in order[position * size : (position + 1) * size]]


class Shuffled(Generic[T]):
    """Batches of fixed elements: a function of the seed and the step alone, so nothing is remembered."""

    def __init__(self, items: Sequence[T], params: LoopParams, seed: int) -> None:
        self._items, self._size, self._seed = items, params.batch_prompts, seed
        self.total = math.ceil(len(items) / params.batch_prompts) * params.epochs

    def at(self, step: int) -> list[T]:
        """See :class:`Batches`."""
        return batch_at(step, self._items, self._size, self._seed)

    def figures(self) -> dict[str, float]:
        """Nothing."""
        return {}

    def state(self) -> dict[str, Tensor]:
        """Nothing."""
        return {}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Nothing to take up."""
