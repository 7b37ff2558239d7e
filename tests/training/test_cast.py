"""The four models on as few trunks as their weights allow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from tests.training.tiny import (
    make_tokenizer,
)
from training.adapters import merged
from training.cast import CRITIC, POLICY, Headed, load_cast
from training.run import Run
from training.scoring import Scorer
from training.segments import Group

LORA = {"rank": 4, "alpha": 8}


def test_it_puts_all_four_models_on_one_base(make_run: Callable[..., Run]) -> None:
    cast = load_cast(make_run().job, critic=True)
    assert isinstance(cast.judge, Headed)
    assert isinstance(cast.critic, Headed)
    assert cast.judge.role.model is cast.critic.role.model is cast.policy.model is cast.reference.model
    trained = {name for name, parameter in cast.trained.named_parameters() if parameter.requires_grad}
    assert all(f".{POLICY}." in name or f".{CRITIC}." in name or "head" in name for name in trained)
    assert any(f".{CRITIC}." in name for name in trained)


@pytest.mark.parametrize("lora", [LORA, None])
def test_the_reward_model_scores_as_it_does_alone(
    make_run: Callable[..., Run], lora: dict[str, int] | None
) -> None:
    job = make_run(lora=lora).job
    groups = [Group([5, 6, 7], [[8, 9, 10], [11]]), Group([12], [[13, 14]])]
    ours = load_cast(job, critic=True).judge.rewards(groups, 1000)
    theirs = Scorer(job.reward_model, job).rewards(groups, 1000)
    torch.testing.assert_close(torch.cat(ours), torch.cat(theirs), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("lora", [LORA, None])
def test_the_critic_starts_as_the_reward_model(
    make_run: Callable[..., Run], lora: dict[str, int] | None
) -> None:
    cast = load_cast(make_run(lora=lora).job, critic=True)
    assert cast.critic
    # the value of writing one token more is read where the reward of stopping there is
    values = cast.critic.values([Group([5, 6, 7], [[8, 9, 10]])])
    rewards = cast.judge.rewards([Group([5, 6, 7], [[8, 9], [8]])], 1000)[0]
    torch.testing.assert_close(values[1:].flip(0), rewards, rtol=1e-3, atol=1e-4)


def test_it_takes_a_reward_model_of_another_base_as_it_is(
    make_run: Callable[..., Run], tmp_path: Path
) -> None:
    moved = tmp_path / "moved"
    job = make_run().job
    AutoModelForCausalLM.from_pretrained(job.policy).save_pretrained(moved)
    make_tokenizer().save_pretrained(moved)
    weights = load_file(moved / "model.safetensors")
    weights["model.layers.0.mlp.up_proj.weight"] *= 1.1
    save_file(weights, moved / "model.safetensors", metadata={"format": "pt"})
    cast = load_cast(replace(job, policy=str(moved)), critic=True)
    assert isinstance(cast.judge, Headed)
    assert cast.critic
    assert cast.critic.role.model is cast.judge.role.model is not cast.policy.model
    group = Group([5, 6, 7], [[8, 9]])
    theirs = Scorer(job.reward_model, job).rewards([group], 100)[0]
    torch.testing.assert_close(cast.judge.rewards([group], 100)[0], theirs, rtol=1e-4, atol=1e-5)


def test_merging_gives_the_weights_back_to_the_bit(make_run: Callable[..., Run]) -> None:
    model = load_cast(make_run().job, critic=False).policy.model
    before = {name: parameter.clone() for name, parameter in model.named_parameters()}
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.fill_(0.1)
    changed = {name: parameter.clone() for name, parameter in model.named_parameters()}
    with merged(model, POLICY):
        inside = {name: parameter.clone() for name, parameter in model.named_parameters()}
    assert any(not torch.equal(inside[name], before[name]) for name in before if "base_layer" in name)
    after = dict(model.named_parameters())
    assert all(torch.equal(after[name], changed[name]) for name in after)
