"""Low-rank adapters on every linear layer. In its own module, since importing peft takes a while."""

from __future__ import annotations

import torch
from peft import LoraConfig, PeftModel, get_peft_model
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
