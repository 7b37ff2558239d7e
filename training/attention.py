"""Attention in parts, as a transformers attention function, so that no model is edited.

A model loaded with the implementation :data:`NAME` hands queries, keys and values of each layer to the
``parts`` object that the caller passed to its forward; that object knows which tokens see which.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn.attention.bias import causal_lower_right
from torch.nn.functional import scaled_dot_product_attention
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from training.flash_parts import attend_in_parts
from training.segments import Row

NAME = "plumbline_parts"


class Parts(Protocol):
    """Who sees whom, in one forward pass."""

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
        """Attend in one layer.

        ``query`` is ``[B, heads, T, d]``, ``key`` and ``value`` ``[B, kv_heads, T, d]``; returns
        ``[B, heads, T, d]``. Scores are multiplied by ``scale``.
        """
        ...


def _attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    *,
    parts: Parts | None = None,
    **unused: Any,
) -> tuple[Tensor, None]:
    if parts is None:
        raise TypeError("This model attends in parts, and its forward was called without them.")
    if torch.is_autocast_enabled(query.device.type):
        # As torch's own attention does: rotary positions have left queries and keys in float32.
        dtype = torch.get_autocast_dtype(query.device.type)
        query, key, value = query.to(dtype), key.to(dtype), value.to(dtype)
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    layer: int = module.layer_idx  # type: ignore[assignment]  # transformers sets an int
    return parts.attend(layer, query, key, value, scale).transpose(1, 2), None


ALL_ATTENTION_FUNCTIONS.register(NAME, _attention)


class RowParts:
    """Attention over a :class:`Row`: prompts causally, completions over their prompt and themselves.

    With ``keep`` the keys and values of each layer are remembered, for decoding after the prompt.
    """

    def __init__(self, row: Row, *, keep: bool = False) -> None:
        self._row = row
        self._keep = keep
        self.kept: dict[int, tuple[Tensor, Tensor]] = {}

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
        """See :class:`Parts`; B is 1."""
        if self._keep:
            self.kept[layer] = (key, value)
        if query.device.type == "cpu":
            return attend_in_parts(query, key, value, self._row.spans, scale)
        return attend_by_segment(query, key, value, self._row, scale)


def attend_by_segment(query: Tensor, key: Tensor, value: Tensor, row: Row, scale: float) -> Tensor:
    """The same on any device: a call a segment, each completion with a copy of its prompt's keys."""
    # Split once, not sliced: a slice's gradient is as large as the whole row.
    lengths = row.segment_lengths()
    queries, keys, values = (iter(part.split(lengths, dim=2)) for part in (query, key, value))
    attend = partial(scaled_dot_product_attention, scale=scale, enable_gqa=key.shape[1] != query.shape[1])
    outputs = []
    for span in row.spans:
        prompt_keys, prompt_values = next(keys), next(values)
        outputs.append(attend(next(queries), prompt_keys, prompt_values, is_causal=True))
        for _ in span.completions:
            own = next(queries)
            seen = torch.cat([prompt_keys, next(keys)], dim=2)
            said = torch.cat([prompt_values, next(values)], dim=2)
            mask = causal_lower_right(own.shape[2], seen.shape[2])
            outputs.append(attend(own, seen, said, attn_mask=mask))
    return torch.cat(outputs, dim=2)
