"""The four stages, in the order of a round, on a tiny model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from tests.training.tiny import prompt_rows, ranking_rows, run_stage, write_job, write_lines
from training.contracts import read_completions, read_job, read_rankings
from training.scoring import Scorer


@pytest.fixture
def llama(model_folder: Callable[[str], str]) -> str:
    return model_folder("llama")


@pytest.fixture
def rankings(tmp_path: Path) -> str:
    return write_lines(tmp_path / "rankings.jsonl", ranking_rows(24, heldout=6))


@pytest.fixture
def prompts(tmp_path: Path) -> str:
    return write_lines(tmp_path / "prompts.jsonl", prompt_rows(6))


def sample_job(folder: Path, policy: str, prompts: str, **fields: Any) -> Path:
    settings = {"temperatures": [1.0, 0.5], "max_new_tokens": 12}
    return write_job(folder, "sample", policy=policy, prompts=prompts, k=3, sampling=settings, **fields)


def test_it_samples_k_replies_with_their_provenance(tmp_path: Path, llama: str, prompts: str) -> None:
    output, metrics = run_stage(sample_job(tmp_path, llama, prompts))
    rows = list(read_completions(output / "completions.jsonl"))
    assert [(row.prompt_id, row.index) for row in rows] == [(f"p{n}", i) for n in range(6) for i in range(3)]
    assert [row.temperature for row in rows[:3]] == [1.0, 0.5, 1.0]
    assert all(len(row.token_ids) == len(row.logprobs) <= 12 for row in rows)
    assert all((row.token_ids[-1] == 0) == (row.finish == "stop") for row in rows)
    assert metrics["completions"] == 18


def test_it_goes_on_from_what_a_killed_sampler_had_written(tmp_path: Path, llama: str, prompts: str) -> None:
    for name in ("whole", "resumed"):
        (tmp_path / name).mkdir()
    whole, _ = run_stage(sample_job(tmp_path / "whole", llama, prompts, params={"batch_rows": 6}))
    partial = (tmp_path / "whole" / "sample-work" / "state-completions.jsonl").read_text().splitlines(True)
    job = sample_job(tmp_path / "resumed", llama, prompts, params={"batch_rows": 6})
    work = tmp_path / "resumed" / "sample-work"
    work.mkdir()
    marked = partial[0].replace('"text": "', '"text": "kept ')
    (work / "state-completions.jsonl").write_text(marked + "".join(partial[1:7]) + partial[7][:40])
    resumed, _ = run_stage(job)
    rows, expected = (list(read_completions(out / "completions.jsonl")) for out in (resumed, whole))
    assert rows[0].text == f"kept {expected[0].text}".strip() or rows[0].text.startswith("kept")
    assert [row.token_ids for row in rows] == [row.token_ids for row in expected]


def test_it_trains_a_reward_model_that_agrees_with_the_rankings(
    tmp_path: Path, llama: str, rankings: str
) -> None:
    params = {"epochs": 6, "full_learning_rate": 0.01, "batch_prompts": 6}
    output, metrics = run_stage(
        write_job(tmp_path, "reward", policy=llama, rankings=[rankings], params=params)
    )
    assert metrics["heldout_accuracy"] > 0.8
    assert metrics["heldout_pairs"] == 18
    assert sum(level["pairs"] for level in metrics["heldout_accuracy_by_margin"].values()) == 18
    meta = json.loads((output / "checkpoint" / "meta.json").read_text())
    assert meta["kind"] == "reward"
    assert meta["parent"] == llama
    assert meta["reward_std"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("lora", [None, {"rank": 4, "alpha": 8}])
def test_it_moves_the_policy_towards_what_is_preferred(
    tmp_path: Path, llama: str, rankings: str, lora: dict[str, int] | None
) -> None:
    params = {"epochs": 4, "learning_rate": 0.003, "full_learning_rate": 0.003, "batch_prompts": 6}
    job = write_job(
        tmp_path, "dpo", policy=llama, reference=llama, rankings=[rankings], lora=lora, params=params
    )
    _, metrics = run_stage(job)
    assert metrics["first_loss"] == pytest.approx(0.693147, abs=1e-4)
    assert metrics["loss"] < 0.6
    assert metrics["heldout_accuracy"] > 0.8


def test_it_learns_from_fresh_replies_that_the_reward_model_ranks(
    tmp_path: Path, llama: str, rankings: str, prompts: str
) -> None:
    reward, _ = run_stage(write_job(tmp_path, "reward", policy=llama, rankings=[rankings]))
    job = write_job(
        tmp_path,
        "dpo",
        policy=llama,
        rankings=[rankings],
        reward_model=str(reward / "checkpoint"),
        prompts=prompts,
        sampling={"max_new_tokens": 8},
        params={"silver_k": 3, "silver_weight": 0.25},
    )
    output, metrics = run_stage(job)
    rows = [json.loads(line) for line in (output / "silver.jsonl").read_text().splitlines()]
    assert 0 < len(rows) <= 6
    assert metrics["train_rankings"] == 18 + len(rows)
    assert all(row["source"] == "reward_model" and row["weight"] == 1 for row in rows)
    scorer = Scorer(str(reward / "checkpoint"), read_job(job))
    for row in read_rankings(output / "silver.jsonl"):
        group = scorer.encoder.group(row.prompt_id, row.messages, row.completions)
        best, worst = scorer.rewards([group], 1000)[0].tolist()
        assert best > worst


def test_it_writes_merged_weights_and_the_adapter_beside_them(
    tmp_path: Path, llama: str, rankings: str
) -> None:
    params = {"learning_rate": 0.01}
    output, _ = run_stage(
        write_job(tmp_path, "dpo", policy=llama, rankings=[rankings], lora={"rank": 4}, params=params)
    )
    checkpoint = output / "checkpoint"
    merged = AutoModelForCausalLM.from_pretrained(checkpoint)
    base = AutoModelForCausalLM.from_pretrained(llama)
    ids = torch.tensor([[5, 9, 17, 33]])
    before = base(ids).logits
    adapted = PeftModel.from_pretrained(base, str(checkpoint / "adapter"))
    torch.testing.assert_close(adapted(ids).logits, merged(ids).logits, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(before, merged(ids).logits, atol=1e-3)


def test_it_never_trains_on_held_out_rankings(tmp_path: Path, llama: str) -> None:
    weights = []
    for name, flip in (("one", False), ("two", True)):
        folder = tmp_path / name
        folder.mkdir()
        rows = ranking_rows(8, heldout=3)
        for row in rows[-3:]:
            row["completions"] = row["completions"][:: -1 if flip else 1]
        path = write_lines(folder / "rankings.jsonl", rows)
        output, _ = run_stage(write_job(folder, "reward", policy=llama, rankings=[path]))
        weights.append(load_file(output / "checkpoint" / "model.safetensors"))
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


@pytest.mark.slow
def test_it_evaluates_a_challenger_against_start_and_base(
    tmp_path: Path, llama: str, rankings: str, prompts: str
) -> None:
    reward, _ = run_stage(write_job(tmp_path, "reward", policy=llama, rankings=[rankings]))
    params = {"full_learning_rate": 0.003, "epochs": 3}
    dpo, _ = run_stage(
        write_job(tmp_path, "dpo", policy=llama, reference=llama, rankings=[rankings], params=params)
    )
    job = write_job(
        tmp_path,
        "evaluate",
        policy=str(dpo / "checkpoint"),
        reference=llama,
        base=llama,
        reward_model=str(reward / "checkpoint"),
        prompts=prompts,
        sampling={"max_new_tokens": 12},
        params={"samples_per_prompt": 2},
    )
    output, metrics = run_stage(job)
    rows = [json.loads(line) for line in (output / "evaluation.jsonl").read_text().splitlines()]
    assert [(row["prompt_id"], row["index"]) for row in rows] == [
        (f"p{n}", i) for i in (0, 1) for n in range(6)
    ]
    assert all(row["start"] == row["base"] for row in rows)
    assert metrics["kl_to_start"] == metrics["kl_to_base"] > 0
    low, high = metrics["win_rate_vs_start_interval"]
    assert 0 <= low <= metrics["win_rate_vs_start"] <= high <= 1


def test_it_calls_a_policy_equal_to_itself(tmp_path: Path, llama: str, rankings: str, prompts: str) -> None:
    reward, _ = run_stage(write_job(tmp_path, "reward", policy=llama, rankings=[rankings]))
    fields = {"policy": llama, "reference": llama, "base": llama, "prompts": prompts}
    _, metrics = run_stage(
        write_job(
            tmp_path,
            "evaluate",
            reward_model=str(reward / "checkpoint"),
            sampling={"max_new_tokens": 8},
            **fields,
        )
    )
    assert metrics["win_rate_vs_start"] == 0.5
    assert metrics["kl_to_start"] == 0.0
