"""The shorter ways of layers against transformers' and peft's own, in values and gradients."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from transformers import AutoModelForCausalLM, GemmaConfig, GemmaForCausalLM

from training.adapters import act, add_adapters
from training.contracts import LoraSpec
from training.fused import fuse_layers

IDS = torch.tensor([[5, 9, 17, 33, 60, 7, 8]])


def gradients(model: nn.Module) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    model.zero_grad()
    logits = model(IDS).logits
    (logits * torch.linspace(-1, 1, logits.numel()).view_as(logits)).sum().backward()
    return logits.detach(), {n: p.grad for n, p in model.named_parameters() if p.grad is not None}


def assert_same(ours: nn.Module, theirs: nn.Module) -> None:
    logits, own = gradients(ours)
    expected, other = gradients(theirs)
    torch.testing.assert_close(logits, expected, rtol=1e-5, atol=1e-5)
    assert own.keys() == other.keys()
    for name in own:
        assert (own[name] - other[name]).norm() <= 1e-5 * other[name].norm() + 1e-7, name


def load(folder: str) -> nn.Module:
    return AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager")


@pytest.mark.parametrize("kind", ["llama", "qwen2"])
def test_it_gives_what_the_plain_layers_give(kind: str, model_folder: Callable[[str], str]) -> None:
    ours, theirs = load(model_folder(kind)), load(model_folder(kind))
    fuse_layers(ours)
    assert (
        sum("forward" in vars(layer) for layer in ours.modules()) == 2 * 3 + 1
    )  # norms and gates, last norm
    assert_same(ours, theirs)


def test_it_leaves_a_layer_that_only_looks_alike() -> None:
    config = GemmaConfig(
        vocab_size=300, hidden_size=32, intermediate_size=48, num_hidden_layers=1, num_attention_heads=4,
        num_key_value_heads=2, head_dim=8, hidden_act="gelu_pytorch_tanh",
    )  # fmt: skip
    model = GemmaForCausalLM(config)
    fuse_layers(model)
    assert not any("forward" in vars(layer) for layer in model.modules())


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_it_gives_what_pefts_layers_give(kind: str, model_folder: Callable[[str], str]) -> None:
    models = [load(model_folder(kind)) for _ in range(2)]
    for model in models:
        add_adapters(model, LoraSpec(rank=4, alpha=6), seed=1)  # type: ignore[arg-type]  # a PreTrainedModel
        torch.manual_seed(2)
        for name, parameter in model.named_parameters():
            if ".lora_B." in name:
                parameter.data.normal_(std=0.1)
    for layer in models[1].modules():
        vars(layer).pop("forward", None)  # peft's own way
    assert_same(*models)
    act(models[0], None)
    act(models[1], None)
    torch.testing.assert_close(models[0](IDS).logits, models[1](IDS).logits)
