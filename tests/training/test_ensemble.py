"""Reward models of several members, through the stage that trains them and the scorer that reads them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForSequenceClassification

from tests.training.tiny import ranking_rows, run_stage, write_job, write_lines
from training.__main__ import main
from training.checkpoints import weights_hash
from training.contracts import RankedCompletion, read_job
from training.ensemble import draws, member_seed, resampled
from training.process import StopFlag
from training.scoring import RewardModel, Scorer
from training.segments import Group

LORA = {"rank": 4, "alpha": 8}


def train(
    folder: Path, policy: str, rows: list[dict[str, Any]], **fields: Any
) -> tuple[Path, dict[str, Any]]:
    """A reward model's checkpoint and metrics."""
    folder.mkdir(exist_ok=True)
    rankings = write_lines(folder / "rankings.jsonl", rows)
    output, metrics = run_stage(write_job(folder, "reward", policy=policy, rankings=[rankings], **fields))
    return output / "checkpoint", metrics


def group_of(model: RewardModel) -> Group:
    return model.encoder.group(
        "p", [{"role": "user", "content": "cake"}], [RankedCompletion("warm tea"), RankedCompletion("sunday")]
    )


@pytest.fixture
def llama(model_folder: Callable[[str], str]) -> str:
    return model_folder("llama")


def test_it_gives_members_seeds_of_their_own() -> None:
    seeds = [member_seed(7, member) for member in range(5)]
    assert seeds[0] == 7
    assert len(set(seeds)) == 5
    assert max(seeds) < 2**40


def test_it_draws_with_replacement_and_counts_what_it_drew() -> None:
    items = list("abcdefgh")
    drawn = resampled(items, seed=3)
    assert len(drawn) == len(items)
    assert draws(len(items), seed=3).tolist() == [drawn.count(item) for item in items]
    assert resampled(items, seed=4) != drawn


@pytest.mark.slow
@pytest.mark.parametrize("lora", [None, LORA])
def test_it_combines_members_that_differ(tmp_path: Path, llama: str, lora: dict[str, int] | None) -> None:
    params = {"members": 2, "combine": "uncertainty", "penalty": 0.5, "learning_rate": 0.01}
    checkpoint, metrics = train(tmp_path, llama, ranking_rows(12, heldout=4), lora=lora, params=params)
    job = read_job(tmp_path / "reward.json")
    model = RewardModel(str(checkpoint), job)
    group = group_of(model)
    [members] = model.members([group], 1000)
    assert members.shape == (2, 2)
    assert not torch.allclose(members[:, 0], members[:, 1], atol=1e-2)
    meta = json.loads((checkpoint / "meta.json").read_text())
    variance = (members[:, 0] - members[:, 1]) ** 2 / 4
    expected = (members.mean(dim=1) - 0.5 * variance - meta["reward_mean"]) / meta["reward_std"]
    torch.testing.assert_close(Scorer(str(checkpoint), job).rewards([group], 1000)[0], expected)
    assert len(metrics["members"]["accuracy"]) == 2
    assert metrics["members"]["variance"] > 0


@pytest.mark.slow
def test_it_trains_each_adapter_as_a_model_of_its_own(tmp_path: Path, llama: str) -> None:
    rows = ranking_rows(6)
    params = {"members": 2, "learning_rate": 0.01, "batch_prompts": 2}
    checkpoint, _ = train(tmp_path / "both", llama, rows, lora=LORA, params=params, seed=5)
    second = member_seed(5, 1)
    alone, _ = train(
        tmp_path / "alone", llama, resampled(rows, second), lora=LORA, seed=second,
        params={"learning_rate": 0.01, "batch_prompts": 2},
    )  # fmt: skip
    ours = load_file(checkpoint / "adapter" / "member-1" / "adapter_model.safetensors")
    theirs = load_file(alone / "adapter" / "adapter_model.safetensors")
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    meta = json.loads((checkpoint / "meta.json").read_text())
    assert meta["hash"] == weights_hash(checkpoint, below=True), "its adapters are what it is"
    heads = load_file(checkpoint / "model.safetensors")["score.weight"]
    assert torch.equal(heads[1:], load_file(alone / "model.safetensors")["score.weight"])


class StopAfter(StopFlag):
    """Told to stop once it has been asked so often."""

    def __init__(self, asked: int) -> None:
        self._left = asked

    @property
    def requested(self) -> bool:  # type: ignore[override]  # an attribute there
        self._left -= 1
        return self._left < 0


@pytest.mark.slow
@pytest.mark.parametrize("asked", [2, 8])
def test_it_resumes_in_the_middle_of_a_member(tmp_path: Path, llama: str, asked: int) -> None:
    params = {"members": 2, "learning_rate": 0.01, "batch_prompts": 2, "save_seconds": 1000}
    lora = {**LORA, "dropout": 0.1}
    whole, _ = train(tmp_path / "whole", llama, ranking_rows(6), lora=lora, params=params)
    rankings = tmp_path / "whole" / "rankings.jsonl"
    job = write_job(tmp_path, "reward", policy=llama, rankings=[str(rankings)], lora=lora, params=params)
    assert main(["reward", str(job)], stop=StopAfter(asked)) == 143
    states = [path.parent.name for path in (tmp_path / "reward-work").glob("*/state-loop.safetensors")]
    assert states == [f"state-member-{asked // 6}"], "three steps a member, each of which asks twice"
    resumed = run_stage(job)[0] / "checkpoint"
    for name in (
        "model.safetensors",
        "adapter/adapter_model.safetensors",
        "adapter/member-1/adapter_model.safetensors",
    ):
        ours, theirs = load_file(resumed / name), load_file(whole / name)
        assert all(torch.equal(ours[key], theirs[key]) for key in theirs), name


@pytest.mark.slow
def test_it_forgets_the_members_of_another_job(tmp_path: Path, llama: str) -> None:
    old = tmp_path / "reward-work" / "state-member-0"
    old.mkdir(parents=True)
    (old / "state-loop.safetensors").write_bytes(b"of another job")
    (tmp_path / "reward-work" / "fingerprint").write_text("another")
    train(tmp_path, llama, ranking_rows(4), lora=LORA, params={"members": 2})


@pytest.mark.slow
def test_it_writes_adapters_that_peft_puts_on_the_base_beside_them(tmp_path: Path, llama: str) -> None:
    params = {"members": 2, "learning_rate": 0.01}
    checkpoint, _ = train(tmp_path, llama, ranking_rows(8), lora=LORA, params=params)
    base = AutoModelForSequenceClassification.from_pretrained(checkpoint, pad_token_id=1)
    peft = PeftModel.from_pretrained(base, str(checkpoint / "adapter"))
    peft.load_adapter(str(checkpoint / "adapter" / "member-1"), adapter_name="second")
    model = RewardModel(str(checkpoint), read_job(tmp_path / "reward.json"))
    group = group_of(model)
    [members] = model.members([group], 1000)
    ids = torch.tensor([group.prompt + group.completions[0]])
    meta = json.loads((checkpoint / "meta.json").read_text())
    for member, name in enumerate(("default", "second")):
        peft.set_adapter(name)
        raw = peft(input_ids=ids).logits[0, member].item()
        scale = meta["members"][member]
        assert members[0, member].item() == pytest.approx((raw - scale["mean"]) / scale["std"], abs=1e-4)


@pytest.mark.slow
def test_it_leaves_a_single_model_to_transformers(tmp_path: Path, llama: str) -> None:
    checkpoint, _ = train(tmp_path, llama, ranking_rows(8), lora=LORA)
    plain = AutoModelForSequenceClassification.from_pretrained(checkpoint, pad_token_id=1)
    model = RewardModel(str(checkpoint), read_job(tmp_path / "reward.json"))
    group = group_of(model)
    raw = [plain(input_ids=torch.tensor([group.prompt + own])).logits.item() for own in group.completions]
    scale = model.combination.overall
    expected = torch.tensor([(value - scale.mean) / scale.deviation for value in raw])
    torch.testing.assert_close(model.rewards([group], 1000)[0], expected, rtol=1e-4, atol=1e-4)


def refused(capsys: pytest.CaptureFixture[str], job: Path) -> str:
    assert main(["reward", str(job)]) == 2
    return capsys.readouterr().err.strip().splitlines()[-1]


def test_it_refuses_heads_that_learn_the_same(
    tmp_path: Path, llama: str, capsys: pytest.CaptureFixture[str]
) -> None:
    params = {"members": 3, "resample": False}
    assert "resample must be true" in refused(
        capsys, write_job(tmp_path, "reward", policy=llama, params=params)
    )


def test_it_refuses_a_model_without_members(
    tmp_path: Path, llama: str, capsys: pytest.CaptureFixture[str]
) -> None:
    job = write_job(tmp_path, "reward", policy=llama, params={"members": 0})
    assert "members is 0" in refused(capsys, job)


@pytest.mark.slow
def test_it_reports_the_steps_of_all_members_as_one_run(
    tmp_path: Path, llama: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.__main__.watch_parent", lambda: None)
    monkeypatch.setattr("training.progress.LINES_PER_SECOND", 1e9)
    rankings = write_lines(tmp_path / "rankings.jsonl", ranking_rows(6))
    params = {"members": 3, "batch_prompts": 3}
    job = write_job(tmp_path, "reward", policy=llama, rankings=[rankings], lora=LORA, params=params)
    assert main(["reward", str(job), "--json"]) == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["step"], line["total"]) for line in said if line["phase"] == "reward"] == [
        (step, 6) for step in range(1, 7)
    ]
