"""The same layers with fewer passes over memory, for float32 on a processor.

On small models half of what is not matrix products is root-mean-square norms and gated activations, which
transformers writes as many small operations. A layer is replaced only if, on a probe, it gives what its
replacement gives, so a layer that merely looks alike stays as it is.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

GATED = ("gate_proj", "up_proj", "down_proj")


def fuse_layers(model: nn.Module) -> None:
    """Let the norms and gated feed-forward layers of ``model`` take the shorter way, where they have one."""
    layer: Any
    for layer in model.modules():
        if hasattr(layer, "variance_epsilon") and hasattr(layer, "weight"):
            _replace(layer, _Norm(layer), width=layer.weight.shape[0])
        elif all(isinstance(getattr(layer, name, None), nn.Linear) for name in GATED):
            _replace(layer, _Gated(layer), width=layer.gate_proj.in_features)


def is_plain(*tensors: Tensor) -> bool:
    """Whether these are float32 on a processor, with nothing that changes precision on the way."""
    return all(
        tensor.dtype == torch.float32 and tensor.device.type == "cpu" for tensor in tensors
    ) and not torch.is_autocast_enabled("cpu")


def _replace(layer: nn.Module, shorter: Any, width: int) -> None:
    probe = torch.linspace(-2, 3, 2 * width).view(1, 2, width)
    if not is_plain(next(layer.parameters())):
        return
    with torch.no_grad():
        if torch.allclose(layer(probe), shorter(probe), rtol=1e-4, atol=1e-5):
            layer.forward = shorter


class _Norm:
    """``x / sqrt(mean(x^2) + eps) * weight`` in place of the ``forward`` of ``layer``."""

    def __init__(self, layer: nn.Module) -> None:
        self._layer, self._plain = layer, layer.forward

    def __call__(self, hidden_states: Tensor) -> Tensor:
        layer: Any = self._layer
        if not is_plain(hidden_states, layer.weight):
            return self._plain(hidden_states)
        return _RootMeanSquare.apply(hidden_states, layer.weight, layer.variance_epsilon)


class _RootMeanSquare(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, epsilon: float) -> Tensor:
        mean = torch.linalg.vector_norm(hidden, dim=-1, keepdim=True).square_().div_(hidden.shape[-1])
        inverse = mean.add_(epsilon).rsqrt_()
        ctx.save_for_backward(hidden, weight, inverse)
        return (hidden * inverse).mul_(weight)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        hidden, weight, inverse = ctx.saved_tensors
        width = hidden.shape[-1]
        # The kernel of a layer norm whose mean is 0; it also takes the mean of its gradient away, which is
        # given back after.
        of_hidden, of_weight, _ = torch.ops.aten.native_layer_norm_backward(
            gradient, hidden, [width], torch.zeros_like(inverse), inverse, weight, None,
            [True, ctx.needs_input_grad[1], False],
        )  # fmt: skip
        of_hidden += (gradient @ weight).div_(width)[..., None] * inverse
        return of_hidden, of_weight, None


class _Gated:
    """``down(silu(gate(x)) * up(x))`` in place of the ``forward`` of ``layer``."""

    def __init__(self, layer: nn.Module) -> None:
        self._layer, self._plain = layer, layer.forward

    def __call__(self, x: Tensor) -> Tensor:
        layer: Any = self._layer
        if not is_plain(x):
            return self._plain(x)
        return layer.down_proj(_GatedSilu.apply(layer.gate_proj(x), layer.up_proj(x)))


class _GatedSilu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, gate: Tensor, up: Tensor) -> Tensor:
        ctx.save_for_backward(gate, up)
        return silu(gate).mul_(up)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        gate, up = ctx.saved_tensors
        of_up = silu(gate).mul_(gradient)
        return torch.ops.aten.silu_backward(gradient * up, gate), of_up
