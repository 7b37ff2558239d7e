"""Weights cut up among processes (FSDP2): whole only while what reads them runs.

Each layer of the trunk is gathered for its forward and its backward pass and dropped between them; what is
outside of layers (embeddings, last norm, heads) is gathered for a whole pass, so that code that reads a
head's weight finds all of it. Gradients and the optimiser's state exist in parts only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor
from transformers import PreTrainedModel

from training import team

T = TypeVar("T")

INNER = "layer_in_parts"
"""The name under which a layer lies in what stands in its place."""


class _InParts(nn.Module):
    """Stands where a layer stood while its weights are in parts: ``fully_shard`` cannot be undone."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.add_module(INNER, layer)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.get_submodule(INNER)(*args, **kwargs)


class Sharded(nn.Module):
    """``model`` with its weights in parts, one a process, from now on until :meth:`gather`."""

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model
        mesh = init_device_mesh(model.device.type, (team.size(),))
        for stack in _stacks(model):
            for place, layer in enumerate(stack):
                stack[place] = _InParts(layer)
                fully_shard(stack[place], mesh=mesh)
        fully_shard(self, mesh=mesh)
        for module in self.modules():
            if isinstance(module, FSDPModule):  # gradients are added up, not averaged
                module.set_gradient_divide_factor(1.0)
                module.set_force_sum_reduction_for_comms(True)

    def forward(self, work: Callable[[], T]) -> T:
        """What ``work`` returns, which runs the trunk of the model once; every process must do so in turn.

        Tensors that are to be differentiated must be found by ``torch.utils._pytree``: in a NamedTuple, say.
        """
        return work()

    def gather(self) -> None:
        """Give the model its layers and whole weights back, in every process."""
        for stack in _stacks(self.model):
            for place, layer in enumerate(stack):
                stack[place] = layer.get_submodule(INNER)
        found: dict[Tensor, nn.Parameter] = {}  # a weight may be in two places
        for module in self.model.modules():
            for name, own in list(module.named_parameters(recurse=False)):
                if own not in found:
                    found[own] = nn.Parameter(whole(own.detach()), requires_grad=own.requires_grad)
                setattr(module, name, found[own])


def trained(model: nn.Module) -> dict[str, nn.Parameter]:
    """What is trained of a model, which may be in parts, under the names that it has where it is not."""
    named = model.named_parameters()
    return {name.replace(f".{INNER}.", "."): own for name, own in named if own.requires_grad}


def _stacks(model: PreTrainedModel) -> Iterator[nn.ModuleList]:
    """Where a trunk has its layers."""
    return (part for part in model.base_model.children() if isinstance(part, nn.ModuleList))


def whole(tensor: Tensor) -> Tensor:
    """All of a tensor that may be in parts; then every process must ask."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def in_parts_like(tensor: Tensor, value: Tensor) -> Tensor:
    """``value``, which every process has whole, where and as ``tensor`` is; that may be in parts."""
    value = value.to(tensor.device)
    if not isinstance(tensor, DTensor) or value.shape != tensor.shape:  # AdamW counts its steps in a number
        return value
    return distribute_tensor(value, tensor.device_mesh, tensor.placements, src_data_rank=None)
