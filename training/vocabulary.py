"""From hidden states to log-probabilities of tokens, with no logits kept.

The logits of all completion tokens are by far the largest tensor of training (tokens times vocabulary). But
the gradient of one log-probability with respect to its hidden state, ``(onehot - softmax) W``, is known
before the loss is: so logits are made a chunk at a time, turned into that gradient, and dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear
from transformers import PreTrainedModel

CHUNK = 1 << 22
"""Logits made at once: 16 MiB of float32, which stay in a processor's cache while they are worked on."""


@dataclass(frozen=True)
class Head:
    """What maps a hidden state to logits: ``cap * tanh(scale * (W h + b) / cap)``, or without the cap."""

    weight: Tensor
    bias: Tensor | None
    scale: float
    cap: float | None

    def logits(self, hidden: Tensor) -> Tensor:
        """``[N, d]`` to float32 ``[N, vocabulary]``."""
        raw = linear(hidden, self.weight, self.bias).float() * self.scale
        return raw if self.cap is None else self.cap * torch.tanh(raw / self.cap)


def head_of(model: PreTrainedModel) -> Head:
    """The head of a causal language model, with what some families do to their logits."""
    config, layer = model.config.get_text_config(), model.get_output_embeddings()
    assert isinstance(layer, nn.Linear)
    scale = getattr(config, "logit_scale", None) or 1.0 / (getattr(config, "logits_scaling", None) or 1.0)
    cap = getattr(config, "final_logit_softcapping", None)
    return Head(layer.weight, layer.bias, float(scale), cap)


def target_logprobs(head: Head, hidden: Tensor, targets: Tensor, temperature: float = 1.0) -> Tensor:
    """``log softmax(logits / temperature)[target]`` of each row, ``[N]`` float32, in nats.

    ``hidden`` is ``[N, d]``, ``targets`` ``[N]``. Where the head's weight is trained too, one coefficient a
    logit is kept for its gradient (``[N, vocabulary]``, once).
    """
    if head.bias is not None:
        logprobs = torch.log_softmax(head.logits(hidden) / temperature, dim=-1)
        return logprobs.gather(1, targets[:, None])[:, 0]
    result: Tensor = _TargetLogprobs.apply(hidden, head.weight, head, targets, temperature)
    return result


class _TargetLogprobs(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, weight: Tensor, head: Head, targets: Tensor, temperature: float
    ) -> Tensor:
        for_hidden, for_weight = ctx.needs_input_grad[:2]
        rows = max(1, CHUNK // weight.shape[0])
        slopes = torch.empty_like(hidden) if for_hidden else None
        kept = hidden.new_empty(len(hidden), weight.shape[0]) if for_weight else None
        found = hidden.new_empty(len(hidden), dtype=torch.float32)
        for start in range(0, len(hidden), rows):
            chunk = slice(start, start + rows)
            logits, own = head.logits(hidden[chunk]), targets[chunk, None]
            logprobs = torch.log_softmax(logits if temperature == 1 else logits / temperature, dim=-1)
            found[chunk] = logprobs.gather(1, own)[:, 0]
            if slopes is None and kept is None:
                continue
            # d logprob / d (W h), but for the temperature: onehot - softmax, through the scale and the cap
            change = logprobs.exp_().neg_()
            change.scatter_add_(1, own, torch.ones_like(change[:, :1]))
            if head.cap is not None:
                change *= 1 - (logits / head.cap) ** 2
            change = change.to(hidden.dtype)
            if slopes is not None:
                slopes[chunk] = change @ weight
            if kept is not None:
                kept[chunk] = change
        ctx.save_for_backward(slopes, kept, hidden if for_weight else None)
        ctx.factor = head.scale / temperature
        return found

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        slopes, kept, hidden = ctx.saved_tensors
        factors = (gradient * ctx.factor)[:, None]
        of_hidden = None if slopes is None else slopes * factors.to(slopes.dtype)
        of_weight = None if kept is None else kept.T @ (hidden * factors.to(hidden.dtype))
        return of_hidden, of_weight, None, None, None
