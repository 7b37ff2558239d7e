"""Low-rank adapters on every linear layer. In its own module, since importing peft takes a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from peft.tuners.lora import Linear as LoraLinear
from torch import Tensor, nn
from transformers import PreTrainedModel

from training.contracts import LoraSpec


def add_adapters(model: PreTrainedModel, lora: LoraSpec, seed: int) -> PeftModel:
    """Freeze ``model`` and put adapters into it, in place, drawn under ``seed``; a scalar head stays free.

    The untrained adapters change nothing. ``model`` may be called as before: it now has them inside.
    """
    config = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules="all-linear",
        exclude_modules=["score"] if hasattr(model, "score") else None,
    )
    torch.manual_seed(seed)
    wrapped = get_peft_model(model, config)
    for name, parameter in model.named_parameters():
        if name.startswith("score."):
            parameter.requires_grad_(True)
    return wrapped


@contextmanager
def acting(model: nn.Module, adapter: str | None) -> Iterator[None]:
    """Let one adapter of ``model`` act, or none of them; what is trained stays what it was.

    One model so plays several roles in turn. It is left as it last acted.
    """
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    for layer in _layers(model):
        layer.enable_adapters(adapter is not None)
        if adapter is not None:
            layer.set_adapter(adapter, inference_mode=True)
    for parameter in trained:  # peft freezes what does not act, and thaws what does
        parameter.requires_grad_(True)
    yield


@contextmanager
def merged(model: nn.Module, adapter: str) -> Iterator[None]:
    """Put an adapter into the weights, which makes sampling faster, and give back the old weights to the bit.

    Subtracting what was added would leave them changed by its rounding.
    """
    layers = list(_layers(model))
    weights = [cast(Tensor, layer.get_base_layer().weight) for layer in layers]
    before = [weight.data for weight in weights]
    with acting(model, None):
        for layer, weight in zip(layers, weights, strict=True):
            weight.data = weight.data + layer.get_delta_weight(adapter).to(weight.dtype)
        try:
            yield
        finally:
            for weight, old in zip(weights, before, strict=True):
                weight.data = old


def _layers(model: nn.Module) -> Iterator[LoraLinear]:
    return (module for module in model.modules() if isinstance(module, LoraLinear))
