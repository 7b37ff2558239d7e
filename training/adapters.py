"""Low-rank adapters on every linear layer. In its own module, since importing peft takes a while."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from peft.tuners.lora import Linear as LoraLinear
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import PreTrainedModel

from training.contracts import LoraSpec
from training.low_rank import fuse_adapters


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
    fuse_adapters(model)
    return wrapped


def act(model: nn.Module, adapter: str | None) -> None:
    """Let one adapter of ``model`` act from now on, or none of them; what is trained stays what it was.

    So one model plays several roles in turn.
    """
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    for layer in _layers(model):
        layer.enable_adapters(adapter is not None)
        if adapter is not None:
            layer.set_adapter(adapter, inference_mode=True)
    for parameter in trained:  # peft freezes what does not act, and thaws what does
        parameter.requires_grad_(True)


def train_only(model: nn.Module, adapters: Sequence[str]) -> None:
    """Train the weights of these adapters of ``model``, and of no other."""
    for name, parameter in model.named_parameters():
        if ".lora_" in name:
            parameter.requires_grad_(name.split(".")[-2] in adapters)


@contextmanager
def merged(model: nn.Module, adapter: str) -> Iterator[None]:
    """Put an adapter into the weights, which makes sampling faster, and give back the old weights to the bit.

    Subtracting what was added would leave them changed by its rounding.
    """
    layers = list(_layers(model))
    weights = [cast(Tensor, layer.get_base_layer().weight) for layer in layers]
    before = [weight.data for weight in weights]
    act(model, None)
    for layer, weight in zip(layers, weights, strict=True):
        weight.data = weight.data + layer.get_delta_weight(adapter).detach().to(weight.dtype)
    try:
        yield
    finally:
        for weight, old in zip(weights, before, strict=True):
            weight.data = old
        act(model, adapter)


SAME = {torch.float32: 1e-5, torch.bfloat16: 1e-2, torch.float16: 2e-3}
"""Largest relative difference that rounding explains between merged weights and their parts, by precision."""


def is_adapter_on(model: PreTrainedModel, folder: Path, adapter: str) -> bool:
    """Whether the weights in ``folder`` are ``model``'s trunk with the adapter in its subfolder merged.

    A scalar head is not compared, nor what ``model``, which has no adapters yet, has over its trunk.
    """
    if not (folder / adapter / "adapter_model.safetensors").is_file():
        return False
    config = LoraConfig.from_pretrained(str(folder / adapter))
    low = load_file(folder / adapter / "adapter_model.safetensors")
    trunk = f"{model.base_model_prefix}."
    missing = {name: weight for name, weight in model.named_parameters() if name.startswith(trunk)}
    for path in folder.glob("*.safetensors"):
        with safe_open(path, framework="pt") as file:
            for name in set(file.keys()) - {"score.weight"}:
                own = missing.pop(name, None)
                theirs = file.get_tensor(name)
                if own is None or own.shape != theirs.shape:
                    return False
                expected = own.detach().cpu().float()
                stem = f"base_model.model.{name.removesuffix('.weight')}"
                if f"{stem}.lora_A.weight" in low:
                    product = low[f"{stem}.lora_B.weight"].float() @ low[f"{stem}.lora_A.weight"].float()
                    change = product * (config.lora_alpha / config.r)
                    expected = expected + (change.T if config.fan_in_fan_out else change)
                if (theirs.float() - expected).norm() > SAME[model.dtype] * expected.norm():
                    return False
    return not missing


def _layers(model: nn.Module) -> Iterator[LoraLinear]:
    return (module for module in model.modules() if isinstance(module, LoraLinear))
