"""RLOO's advantages, loss and gradients against TRL's own, on the replies that TRL drew."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from torch import Tensor
from transformers import AutoModelForCausalLM
from trl.trainer.rloo_config import RLOOConfig
from trl.trainer.rloo_trainer import RLOOTrainer

from tests.training.tiny import WORDS, make_tokenizer
from training.attention import NAME
from training.cast import Cast, Role
from training.experience import Rollout, experiences
from training.params import RlooParams
from training.segments import Group
from training.stages import rloo

pytestmark = pytest.mark.slow

BETA, PROMPTS, K = 0.3, 3, 4


@pytest.fixture(autouse=True)
def _silence() -> Iterator[None]:
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def load(folder: str, scale: float, attention: str) -> Any:
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation=attention)
    with torch.no_grad():
        model.model.layers[0].mlp.down_proj.weight.mul_(scale)
    return model


def score(completion_ids: list[list[int]], **unused: Any) -> list[float | None]:
    return [sum(ids) % 17 / 5 + len(ids) / 10 for ids in completion_ids]


def test_it_pays_what_trl_pays(tmp_path: Path, model_folder: Callable[[str], str]) -> None:
    folder = model_folder("llama")
    prompts = [" ".join(WORDS[n : n + 2 + n]) for n in range(PROMPTS)]
    policy = load(folder, 1.3, "eager")
    trainer = RLOOTrainer(
        model=policy,
        reward_funcs=score,
        args=RLOOConfig(
            output_dir=str(tmp_path), per_device_train_batch_size=PROMPTS * K, num_generations=K, beta=BETA,
            max_completion_length=7, report_to="none", use_cpu=True, bf16=False,
            gradient_checkpointing=False, save_strategy="no", disable_dropout=True, seed=3,
        ),
        train_dataset=Dataset.from_dict({"prompt": prompts}),
        processing_class=make_tokenizer(template=False),
    )  # fmt: skip
    theirs = trainer._generate_and_score_completions(
        [{"prompt": prompt} for prompt in prompts for _ in range(K)]
    )
    # on from where it drew, so that the ratios are not all 1
    ours_model, reference = load(folder, 1.3, NAME), load(folder, 1.0, NAME)
    groups = as_groups(theirs)
    roles = Role(ours_model), Role(reference)
    with torch.no_grad():
        old, before = (role.logprobs(groups, 1.0).flat for role in roles)
        for model in (policy, ours_model):
            model.model.layers[1].mlp.down_proj.weight.mul_(1.05)
    scores = torch.tensor(score([own for group in groups for own in group.completions]))
    rollout = Rollout(groups, old, before, scores)
    params = RlooParams()
    columns, _ = rloo.credit(params)(rollout, BETA)
    first = torch.tensor([0, *rollout.lengths[:-1]]).cumsum(dim=0)
    torch.testing.assert_close(columns["advantages"][first], theirs["advantages"], rtol=1e-4, atol=1e-4)

    their_loss = trainer._compute_loss(policy, theirs)
    their_loss.backward()
    cast = Cast(roles[0], roles[1], judge=None, critic=None, encoder=None, adapters=None)  # type: ignore[arg-type]  # not asked
    items = experiences(groups, {"logprobs": old, **columns})
    objective = rloo.objective(cast, params, 1.0, lambda kl, tokens: None)
    loss = objective.loss(items).loss / sum(map(objective.weight, items))
    loss.backward()
    assert loss.item() == pytest.approx(their_loss.item(), rel=1e-5, abs=1e-6)
    for own, other in zip(ours_model.parameters(), policy.parameters(), strict=True):
        if other.grad is not None and other.grad.norm() > 1e-6:
            assert (own.grad - other.grad).norm() / other.grad.norm() < 1e-4


def as_groups(drawn: dict[str, Tensor]) -> list[Group]:
    """TRL's padded rows as prompts with their replies."""

    def rows(name: str) -> list[list[int]]:
        return [
            ids[mask.bool()].tolist()
            for ids, mask in zip(drawn[f"{name}_ids"], drawn[f"{name}_mask"], strict=True)
        ]

    prompts, replies = rows("prompt"), rows("completion")
    return [Group(prompts[n], replies[n : n + K]) for n in range(0, len(prompts), K)]
