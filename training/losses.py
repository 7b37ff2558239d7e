"""Preference losses: tensors in, tensors out.

Notation: h is ``(log pi(c) - log pi_ref(c)) - (log pi(r) - log pi_ref(r))``, chosen less rejected, summed
over the tokens of a completion unless a docstring says otherwise; P is a number of pairs, K of completions.
"""

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


def margins_of(pairs: Sequence[Pair], margin: str) -> Tensor:
    """The margin of each pair, ``[P]``, under the table ``margin`` of :data:`MARGINS`."""
    return torch.tensor([MARGINS[margin][pair[2]] for pair in pairs])


def bradley_terry(differences: Tensor, margins: Tensor) -> Tensor:
    """``-log sigmoid(r_chosen - r_rejected - m)`` of each pair, ``[P]`` (Llama 2, eq. 2)."""
    return -logsigmoid(differences - margins)


def scaled_bradley_terry(differences: Tensor, levels: Tensor) -> Tensor:
    """``-max(level, 1) log sigmoid(r_chosen - r_rejected)``, ``[P]`` (HelpSteer2-Preference: m = 1, 2, 3).

    Level 0, which HelpSteer2 has not, weighs as much as level 1.
    """
    return -levels.clamp(min=1) * logsigmoid(differences)


def plackett_luce(scores: Tensor, pairs: Sequence[Pair]) -> Tensor:
    """``-sum_k [r_k - logsumexp(r_k and every r_j that is worse)]``: ``[K]`` to a scalar.

    Without ties this is the negative log-likelihood of the whole ranking (Plackett 1975); of tied
    completions neither is among the worse of the other.
    """
    total = scores.new_zeros(())
    for better in {pair[0] for pair in pairs}:
        field = [better, *(worse for best, worse, _ in pairs if best == better)]
        total = total + torch.logsumexp(scores[field], dim=0) - scores[better]
    return total


def centering(scores: Tensor, pairs: Sequence[Pair]) -> Tensor:
    """``(r_chosen + r_rejected)^2`` of each pair, ``[P]``, to be added with a small weight such as 0.01."""
    return (scores[[pair[0] for pair in pairs]] + scores[[pair[1] for pair in pairs]]) ** 2


def said_safe(scores: Tensor, safe: Sequence[bool | None]) -> Tensor:
    """``-log sigmoid(r)`` of a reply called safe, ``-log sigmoid(-r)`` of an unsafe one, ``[those called]``.

    The auxiliary safety loss of a safety reward model (Llama 2, section 3.2.2); of ``[K]`` scores, those
    count of which anything was said.
    """
    signs = torch.tensor([0.0 if said is None else 2.0 * said - 1.0 for said in safe], device=scores.device)
    called = signs != 0
    return -logsigmoid(signs[called] * scores[called])


def dpo_sigmoid(differences: Tensor, beta: float) -> Tensor:
    """``-log sigmoid(beta h)`` of each pair, ``[P]`` (Rafailov et al. 2023, eq. 7)."""
    return -logsigmoid(beta * differences)


def conservative_dpo(differences: Tensor, beta: float, flipped: float) -> Tensor:
    """``(1 - e) l(h) + e l(-h)`` with l the sigmoid loss and e the rate of flipped labels (cDPO)."""
    return (1 - flipped) * dpo_sigmoid(differences, beta) + flipped * dpo_sigmoid(-differences, beta)


def robust_dpo(differences: Tensor, beta: float, flipped: float) -> Tensor:
    """``[(1 - e) l(h) - e l(-h)] / (1 - 2 e)``, unbiased under flips at rate e (Chowdhury et al. 2024)."""
    right, wrong = dpo_sigmoid(differences, beta), dpo_sigmoid(-differences, beta)
    return ((1 - flipped) * right - flipped * wrong) / (1 - 2 * flipped)


def ipo(differences: Tensor, beta: float) -> Tensor:
    """``(h - 1 / (2 beta))^2`` (Azar et al. 2023, eq. 17); give h as a difference of means per token."""
    return (differences - 1 / (2 * beta)) ** 2


def offset_dpo(differences: Tensor, beta: float, offsets: Tensor) -> Tensor:
    """``-log sigmoid(beta h - offset)``, ``[P]``; the offset grows with the margin (ODPO, Amini 2024)."""
    return -logsigmoid(beta * differences - offsets)


def simpo(differences: Tensor, beta: float, gamma: float) -> Tensor:
    """``-log sigmoid(beta d - gamma)``, d a difference of mean log-probs per token, no reference (SimPO)."""
    return -logsigmoid(beta * differences - gamma)


def kto(
    ratios: Tensor,
    desirable: Tensor,
    baseline: Tensor,
    beta: float,
    weights: tuple[float, float] = (1.0, 1.0),
) -> Tensor:
    """Kahneman-Tversky loss of single completions, ``[N]`` (Ethayarajh et al. 2024, eq. 8).

    ``ratios`` are ``log pi - log pi_ref`` of each completion, ``desirable`` is boolean, ``baseline`` the KL
    of mismatched pairs (a scalar, clamped at 0 here, not differentiated), ``weights`` of good and bad.
    """
    reference = baseline.detach().clamp(min=0)
    good = weights[0] * (1 - torch.sigmoid(beta * (ratios - reference)))
    bad = weights[1] * (1 - torch.sigmoid(beta * (reference - ratios)))
    return torch.where(desirable, good, bad)
