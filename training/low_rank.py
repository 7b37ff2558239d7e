"""A linear layer with its low-rank adapter as one operation, for float32 on a processor.

``y = x W' + s (x A') B'``. As separate operations the sum costs two more passes over the outputs forward
and two over the gradients backward, at a rank of 16 as much as a fifth of the matrix products.
"""

from __future__ import annotations

from typing import Any

import torch
from peft.tuners.lora import Linear as LoraLinear
from torch import Tensor, nn

from training.fused import is_plain


def fuse_adapters(model: nn.Module) -> None:
    """Let every linear layer with adapters take the shorter way whenever just one of them acts."""
    for layer in model.modules():
        if isinstance(layer, LoraLinear) and type(layer.get_base_layer()) is nn.Linear:
            layer.forward = _Adapted(layer)  # type: ignore[method-assign]  # one layer's, not its class's


class _Adapted:
    """In place of the ``forward`` of one of peft's layers."""

    def __init__(self, layer: LoraLinear) -> None:
        self._layer, self._plain = layer, layer.forward

    def __call__(self, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        layer: Any = self._layer
        acting = [name for name in layer.active_adapters if name in layer.lora_A]
        if layer.disable_adapters or layer.merged or len(acting) != 1 or args or kwargs:
            return self._plain(x, *args, **kwargs)
        (name,) = acting
        base, down, up = layer.get_base_layer(), layer.lora_A[name], layer.lora_B[name]
        drops = layer.training and not isinstance(layer.lora_dropout[name], nn.Identity)
        if drops or name in layer.lora_variant or up.bias is not None or base.weight.requires_grad:
            return self._plain(x)
        if not is_plain(x, base.weight, down.weight):
            return self._plain(x)
        flat = x.reshape(-1, x.shape[-1])
        result = _LowRank.apply(flat, base.weight, base.bias, down.weight, up.weight, layer.scaling[name])
        return result.view(*x.shape[:-1], -1)


class _LowRank(torch.autograd.Function):
    """``x`` is ``[T, i]``, ``weight`` ``[o, i]`` (frozen), ``down`` ``[r, i]``, ``up`` ``[o, r]``."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, down: Tensor, up: Tensor, scale: float
    ) -> Tensor:
        low = (x @ down.T).mul_(scale)
        ctx.save_for_backward(x, low, weight, down, up)
        ctx.scale = scale
        return torch.nn.functional.linear(x, weight, bias).addmm_(low, up.T)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, low, weight, down, up = ctx.saved_tensors
        of_low = (gradient @ up).mul_(ctx.scale)
        of_x = (gradient @ weight).addmm_(of_low, down) if ctx.needs_input_grad[0] else None
        return of_x, None, None, of_low.T @ x, gradient.T @ low, None
