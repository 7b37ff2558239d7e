from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import PreTrainedModel

from tests.training.tiny import make_model, make_tokenizer
from training.contracts import ContractError, JobSpec
from training.models import (
    check_same_vocabulary,
    encoder_for,
    load_policy,
    load_reward_model,
    new_reward_model,
    resolve_device,
    stop_tokens,
)

JOB = JobSpec(stage="sample", output="o", work="w")


def head(model: PreTrainedModel) -> torch.Tensor:
    assert isinstance(model.score, torch.nn.Linear)
    return model.score.weight


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (None, "not a folder that exists"),
        ([], "no config.json"),
        (["config.json"], "no safetensors"),
        (["config.json", "pytorch_model.bin"], "no safetensors"),
    ],
)
def test_it_refuses_a_folder_without_what_it_needs(
    tmp_path: Path, files: list[str] | None, says: str
) -> None:
    folder = tmp_path / "model"
    if files is not None:
        folder.mkdir()
        for name in files:
            (folder / name).write_text("{}")
    with pytest.raises(ContractError, match=says):
        load_policy(str(folder), JOB)


def test_it_refuses_weights_that_are_broken(tmp_path: Path, model_folder: Callable[[str], str]) -> None:
    shutil.copytree(model_folder("llama"), tmp_path / "model")
    (tmp_path / "model" / "model.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0nonsense")
    with pytest.raises(ContractError, match="cannot be loaded"):
        load_policy(str(tmp_path / "model"), JOB)


def test_it_refuses_a_hub_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ContractError, match="nobody/nothing cannot be loaded from the Hugging Face hub"):
        load_policy("nobody/nothing", JOB)


def test_it_refuses_a_job_without_a_model() -> None:
    with pytest.raises(ContractError, match="names no policy"):
        load_policy("", JOB)


def test_it_refuses_a_tokenizer_larger_than_the_weights(tmp_path: Path) -> None:
    model = make_model("llama", vocabulary=100)
    model.save_pretrained(tmp_path)
    make_tokenizer().save_pretrained(tmp_path)
    with pytest.raises(ContractError, match="tokenizer of 300 tokens but weights for 100"):
        encoder_for(load_policy(str(tmp_path), JOB), str(tmp_path))


def test_it_draws_the_head_with_the_published_deviation(model_folder: Callable[[str], str]) -> None:
    heads = [head(new_reward_model(model_folder("llama"), JOB, seed)) for seed in range(40)]
    # 40 heads of 32 numbers: the deviation of their deviation is about 1 / sqrt(2 * 1280) = 2 %
    assert torch.cat(heads).std().item() == pytest.approx(33**-0.5, rel=0.08)
    assert torch.equal(heads[3], head(new_reward_model(model_folder("llama"), JOB, 3)))


def test_it_starts_the_reward_model_on_the_policys_trunk(
    tmp_path: Path, model_folder: Callable[[str], str]
) -> None:
    policy = load_policy(model_folder("llama"), JOB)
    model = new_reward_model(model_folder("llama"), JOB, 0)
    for ours, theirs in zip(model.base_model.parameters(), policy.base_model.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    model.save_pretrained(tmp_path)
    assert torch.equal(head(load_reward_model(str(tmp_path), JOB)), head(model))


def test_it_finds_what_ends_a_reply(model_folder: Callable[[str], str]) -> None:
    policy = load_policy(model_folder("llama"), JOB)
    assert stop_tokens(policy, make_tokenizer()) == [0]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
@pytest.mark.parametrize(("name", "says"), [("cuda", "no CUDA"), ("abacus", "not one that torch knows")])
def test_it_refuses_a_device_that_is_not_there(name: str, says: str) -> None:
    with pytest.raises(ContractError, match=says):
        resolve_device(name)
    assert resolve_device("auto").type == "cpu"


def test_it_refuses_to_compare_models_of_different_vocabularies(
    tmp_path: Path, model_folder: Callable[[str], str]
) -> None:
    make_model("llama", vocabulary=400).save_pretrained(tmp_path)
    policy, other = load_policy(model_folder("llama"), JOB), load_policy(str(tmp_path), JOB)
    check_same_vocabulary(policy, policy, "reference")
    with pytest.raises(ContractError, match="has a vocabulary of 400 tokens and the policy"):
        check_same_vocabulary(policy, other, "reference")
