"""Attention over a ragged row in parts on CPU, merged exactly by their log-sum-exps.

Softmax over the union of two sets of keys is the mean of the softmaxes over each, weighed by
``exp(lse_i - lse)``. So a completion attends to its prompt and to itself in two kernel calls, with no mask
and no copy of the prompt's keys, and all completions of a prompt share the first call. The backward kernel
needs only the merged output and log-sum-exp of a query to give its exact gradient against any part of the
keys (Dao et al. 2022, algorithm 4), so parts are differentiated apart and added.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from training.segments import Span

_forward = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
_backward = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward


def attend_in_parts(query: Tensor, key: Tensor, value: Tensor, spans: Sequence[Span], scale: float) -> Tensor:
    """Attend over a row on CPU: ``[1, heads, T, d]``; ``key`` and ``value`` may have fewer, shared heads."""
    shared = query.shape[1] // key.shape[1]
    if shared > 1:
        key, value = key.repeat_interleave(shared, dim=1), value.repeat_interleave(shared, dim=1)
    output: Tensor = _InParts.apply(query, key, value, spans, scale)
    return output


class _InParts(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, query: Tensor, key: Tensor, value: Tensor, spans: Sequence[Span], scale: float
    ) -> Tensor:
        outputs, sums = [], []
        for span in spans:
            prompt = slice(span.start, span.prompt_end)
            output, lse = _forward(
                query[:, :, prompt], key[:, :, prompt], value[:, :, prompt], is_causal=True, scale=scale
            )
            outputs.append(output)
            sums.append(lse)
            if span.completions:
                output, lse = _completions(query, key, value, span, scale)
                outputs.append(output)
                sums.append(lse)
        merged, lse = _joined(outputs), torch.cat(sums, dim=2)
        ctx.save_for_backward(query, key, value, merged, lse)
        ctx.spans, ctx.scale = spans, scale
        return merged

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, output, lse = ctx.saved_tensors
        gradients = [torch.zeros_like(part) for part in (query, key, value)]

        def add(queries: slice, keys: slice, causal: bool) -> None:
            parts = _backward(
                gradient[:, :, queries], query[:, :, queries], key[:, :, keys], value[:, :, keys],
                output[:, :, queries], lse[:, :, queries], 0.0, causal, scale=ctx.scale,
            )  # fmt: skip
            for total, part, where in zip(gradients, parts, (queries, keys, keys), strict=True):
                total[:, :, where] += part

        for span in ctx.spans:
            prompt = slice(span.start, span.prompt_end)
            add(prompt, prompt, causal=True)
            if span.completions:
                add(slice(span.prompt_end, span.completions[-1].stop), prompt, causal=False)
            for own in span.completions:
                add(own, own, causal=True)
        return (*gradients, None, None)


def _completions(
    query: Tensor, key: Tensor, value: Tensor, span: Span, scale: float
) -> tuple[Tensor, Tensor]:
    """Output ``[1, heads, C, d]`` and log-sum-exp ``[1, heads, C]`` of all completions of one prompt."""
    prompt = slice(span.start, span.prompt_end)
    everything = slice(span.prompt_end, span.completions[-1].stop)
    on_prompt, prompt_lse = _forward(
        query[:, :, everything], key[:, :, prompt], value[:, :, prompt], scale=scale
    )
    own = [
        _forward(query[:, :, part], key[:, :, part], value[:, :, part], is_causal=True, scale=scale)
        for part in span.completions
    ]
    outputs, sums = zip(*own, strict=True)
    on_own, own_lse = _joined(outputs), torch.cat(sums, dim=2)
    lse = torch.logaddexp(prompt_lse, own_lse)
    output = on_prompt * (prompt_lse - lse).exp()[..., None] + on_own * (own_lse - lse).exp()[..., None]
    return output.to(on_own.dtype), lse


def _joined(outputs: Sequence[Tensor]) -> Tensor:
    """One after another, ``[1, heads, T, d]``; a token's heads lie together, as the next layer wants them."""
    return torch.cat([output.transpose(1, 2) for output in outputs], dim=1).transpose(1, 2)
