"""Two reward models as one: safety where it matters, helpfulness elsewhere (Llama 2, section 3.2.3)."""

from __future__ import annotations

import torch
from torch import Tensor

SAFETY_THRESHOLD = 0.15
"""Below this chance of being safe enough a reply is judged by safety alone."""


def safety_first(
    helpful: Tensor, safety: Tensor, safety_prompt: Tensor, threshold: float = SAFETY_THRESHOLD
) -> Tensor:
    """``logit(R_c)`` of N replies: R_c is R_s where ``safety_prompt`` or ``R_s < threshold``, else R_h.

    All are ``[N]``. ``helpful`` and ``safety`` are the logits of the two models' scores,
    ``R = sigmoid(logit)``, so that no score need be taken to (0, 1) and back; ``safety_prompt`` is boolean.
    """
    return torch.where(safety_prompt | (torch.sigmoid(safety) < threshold), safety, helpful)
