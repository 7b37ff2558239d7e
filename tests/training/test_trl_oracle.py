"""Losses and gradients against TRL's own, on the token ids that TRL itself prepared."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification
from trl.trainer.dpo_config import DPOConfig
from trl.trainer.dpo_trainer import DPOTrainer
from trl.trainer.reward_config import RewardConfig
from trl.trainer.reward_trainer import RewardTrainer

from tests.training.tiny import WORDS, make_tokenizer
from training.attention import NAME
from training.logprobs import completion_heads, completion_logprobs
from training.losses import MARGINS
from training.params import DpoParams, RewardParams, parse_params
from training.preference import ranking_loss, reward_loss
from training.segments import Group

pytestmark = pytest.mark.slow

PAIRS = [(0, 1, 3)]
LEVELS = [3, 0, 2, 1, 0, 3]
"""Margin levels of the six rows: reading them off the first alone would not do."""
ROWS = {
    "prompt": [" ".join(WORDS[n : n + 3]) for n in range(6)],
    "chosen": [" warm " + " ".join(WORDS[n : n + 2 + n]) for n in range(6)],
    "rejected": [" cake" * (1 + n % 3) for n in range(6)],
}
QUIET: dict[str, Any] = {
    "per_device_train_batch_size": 6, "report_to": "none", "use_cpu": True, "bf16": False,
    "gradient_checkpointing": False, "save_strategy": "no",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _silence() -> Iterator[None]:
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def causal(folder: str, *, attention: str, scale: float = 1.0) -> Any:
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation=attention)
    with torch.no_grad():
        model.model.layers[0].mlp.down_proj.weight.mul_(scale)
    return model


def prepared(trainer: Any) -> list[Any]:
    """The rows as TRL tokenised them."""
    return list(trainer.train_dataset)


def same_gradients(ours: nn.Module, theirs: nn.Module) -> None:
    for (name, own), other in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        if other.grad is not None and other.grad.norm() > 1e-6:
            assert own.grad is not None, name
            assert (own.grad - other.grad).norm() / other.grad.norm() < 1e-4, name


@pytest.mark.parametrize(
    ("loss", "beta", "flipped"),
    [("sigmoid", 0.1, 0.0), ("ipo", 0.3, 0.0), ("robust", 0.2, 0.2), ("sigmoid_norm", 4.0, 0.0)],
)
def test_it_pays_what_trl_pays_for_dpo(
    tmp_path: Path, model_folder: Callable[[str], str], loss: str, beta: float, flipped: float
) -> None:
    folder = model_folder("llama")
    policy = causal(folder, attention="eager", scale=1.3)
    trainer = DPOTrainer(
        model=policy,
        ref_model=causal(folder, attention="eager"),
        args=DPOConfig(
            output_dir=str(tmp_path), loss_type=[loss], beta=beta, label_smoothing=flipped, **QUIET
        ),
        train_dataset=Dataset.from_dict(ROWS),
        processing_class=make_tokenizer(template=False),
    )
    rows = prepared(trainer)
    theirs = trainer.compute_loss(policy, trainer.data_collator(rows))
    theirs.backward()

    groups = [Group(row["prompt_ids"], [row["chosen_ids"], row["rejected_ids"]]) for row in rows]
    ours_policy = causal(folder, attention=NAME, scale=1.3)
    with torch.no_grad():
        reference = completion_logprobs(causal(folder, attention=NAME), groups).sums()
    logprobs = completion_logprobs(ours_policy, groups)
    lengths = torch.tensor(logprobs.lengths)
    params = parse_params(DpoParams, {"loss": loss, "beta": beta, "flipped": flipped})
    parts = zip(logprobs.sums().split(2), reference.split(2), lengths.split(2), strict=True)
    ours = torch.stack([ranking_loss(own, ref, size, PAIRS, params).loss for own, ref, size in parts]).mean()
    ours.backward()
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-5)
    same_gradients(ours_policy, policy)


@pytest.mark.parametrize("centering", [0.0, 0.05])
def test_it_pays_what_trl_pays_for_a_reward_model_with_margin(
    tmp_path: Path, model_folder: Callable[[str], str], centering: float
) -> None:
    def load(attention: str) -> Any:
        torch.manual_seed(0)
        return AutoModelForSequenceClassification.from_pretrained(
            model_folder("llama"), num_labels=1, attn_implementation=attention
        )

    model = load("eager")
    texts = {
        side: [p + c for p, c in zip(ROWS["prompt"], ROWS[side], strict=True)]
        for side in ("chosen", "rejected")
    }
    trainer = RewardTrainer(
        model=model,
        args=RewardConfig(output_dir=str(tmp_path), center_rewards_coefficient=centering or None, **QUIET),
        train_dataset=Dataset.from_dict({**texts, "margin": [MARGINS["small"][level] for level in LEVELS]}),
        processing_class=make_tokenizer(template=False),
    )
    rows = prepared(trainer)
    theirs = trainer.compute_loss(model, trainer.data_collator(rows))
    theirs.backward()

    ours_model = load(NAME)
    groups = [Group(row["chosen_ids"][:1], [row["chosen_ids"][1:], row["rejected_ids"][1:]]) for row in rows]
    params = RewardParams(margin="small", centering=centering)
    scores: list[Tensor] = list(completion_heads(ours_model, groups)[:, 0].split(2))
    each = [reward_loss(own, [(0, 1, level)], params) for own, level in zip(scores, LEVELS, strict=True)]
    ours = torch.stack(each).mean()
    ours.backward()
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-5)
    same_gradients(ours_model, model)
