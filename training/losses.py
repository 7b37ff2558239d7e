"""Preference losses: tensors in, tensors out. References are in docs/training.md."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

MARGINS: dict[str, tuple[float, float, float, float]] = {
    "none": (0.0, 0.0, 0.0, 0.0),
    "small": (0.0, 1 / 3, 2 / 3, 1.0),
    "large": (0.0, 1.0, 2.0, 3.0),
}
"""Margin by level 0 to 3 (Llama 2, Table 27)."""

Pair = tuple[int, int, int]
"""Index of the better, index of the worse, margin level 0 to 3."""


def pair_differences(values: Tensor, pairs: Sequence[Pair]) -> Tensor:
    """``values[better] - values[worse]`` of each pair: ``[K]`` and P pairs to ``[P]``."""
    better = torch.tensor([pair[0] for pair in pairs], device=values.device)
    worse = torch.tensor([pair[1] for pair in pairs], device=values.device)
    return values[better] - values[worse]


def bradley_terry(differences: Tensor, margins: Tensor) -> Tensor:
    """``-log sigmoid(r_chosen - r_rejected - m)`` of each pair, ``[P]`` (Llama 2, eq. 2)."""
    return -logsigmoid(differences - margins)


def dpo_sigmoid(differences: Tensor, beta: float) -> Tensor:
    """``-log sigmoid(beta h)`` of each pair, ``[P]`` (Rafailov et al. 2023, eq. 7).

    ``differences`` is h, the chosen less the rejected of ``log pi - log pi_ref``, in nats a completion.
    """
    return -logsigmoid(beta * differences)


def margins_of(pairs: Sequence[Pair], margin: str) -> Tensor:
    """The margin of each pair, ``[P]``, under the table ``margin`` of :data:`MARGINS`."""
    return torch.tensor([MARGINS[margin][pair[2]] for pair in pairs])
