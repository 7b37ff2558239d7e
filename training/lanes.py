"""Passes of one batch side by side on a processor, each in a thread of its own that takes one core.

The matrices of a small model are too small to be shared among cores: threads mostly wait for each other, and
on a busy machine for long. Whole passes share nothing but weights that stay as they are. Gradients are added
up in the order of the passes, so the sum is, bit for bit, that of one thread.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from training.forward import attends_in_parts

T = TypeVar("T")
Found = TypeVar("Found")

SMALL = 30_000_000
"""Models with fewer parameters are small: their operations run on one thread, and their passes in lanes."""
LEAST_TOKENS = 256
"""Tokens below which a pass is not worth a lane."""


def threads() -> int:
    """How many may work: OMP_NUM_THREADS where it is set, else the cores that this process may use."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    if given.isdigit() and int(given):
        return int(given)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def takes_lanes(model: nn.Module) -> bool:
    """Whether passes of ``model`` may run at once and gain by it: it is small, on a processor, and its
    forward passes neither change it nor draw at random."""
    return (
        isinstance(model, PreTrainedModel)
        and model.device.type == "cpu"
        and model.num_parameters() < SMALL
        and attends_in_parts(model)
        and not any(isinstance(part, nn.Dropout) and part.p for part in model.modules())
        and not any(kind in str(_rotation(model)) for kind in ("dynamic", "longrope"))  # change as they run
    )


def _rotation(model: PreTrainedModel) -> object:
    """How positions are rotated, in one form or another."""
    return getattr(model.config.get_text_config(), "rope_parameters", None)


def lanes_for(costs: Sequence[int], budget: int) -> int:
    """How many passes of elements of so many tokens may run at once on ``budget`` tokens in all."""
    return max(1, min(threads(), budget // max(costs), sum(costs) // LEAST_TOKENS))


def in_lanes(work: Callable[[T], Found], items: Iterable[T], lanes: int) -> Iterator[Found]:
    """``work`` of each item, in order; ``lanes`` at a time, and one more done or begun."""
    under_way: deque[Future[Found]] = deque()
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # what the caller does meanwhile must not wait for cores that the lanes have
    try:
        with ThreadPoolExecutor(lanes, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            for item in items:
                under_way.append(pool.submit(work, item))
                if len(under_way) > lanes:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
    finally:
        torch.set_num_threads(before)


def add_gradients(weights: Sequence[Tensor], gradients: Sequence[Tensor | None]) -> None:
    """Add gradients to those that ``weights`` have."""
    for weight, own in zip(weights, gradients, strict=True):
        if own is None:
            continue
        if weight.grad is None:
            weight.grad = torch.zeros_like(weight)
        weight.grad += own
