"""Stages as real processes, killed in the middle and run again."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.training.apart import StageApart, finish
from tests.training.tiny import prompt_rows, ranking_rows, run_stage, write_job, write_lines
from training.contracts import read_completions

pytestmark = pytest.mark.slow


def training_job(folder: Path, model: str, rankings: str, stage: str) -> Path:
    folder.mkdir()
    params: dict[str, Any] = {"save_seconds": 0, "batch_prompts": 1, "epochs": 3}
    lora = {"rank": 4, "alpha": 4, "dropout": 0.1}
    fields: dict[str, Any] = {"policy": model, "rankings": [rankings], "lora": lora}
    if stage == "online":  # any reward model will do
        reward, _ = run_stage(write_job(folder, "reward", policy=model, rankings=[rankings]))
        prompts = write_lines(folder / "prompts.jsonl", prompt_rows(8))
        params |= {"k": 3, "steps_per_draw": 2}
        fields |= {
            "reward_model": str(reward / "checkpoint"),
            "prompts": prompts,
            "sampling": {"max_new_tokens": 6},
        }
    return write_job(folder, stage, params=params, **fields)


@pytest.mark.parametrize(
    ("stage", "number"),
    [
        ("reward", signal.SIGKILL),
        ("dpo", signal.SIGTERM),
        ("kto", signal.SIGKILL),
        ("online", signal.SIGKILL),
    ],
)
def test_it_ends_with_the_same_weights_after_a_kill(
    tmp_path: Path, model_folder: Callable[[str], str], stage: str, number: signal.Signals
) -> None:
    rankings = write_lines(tmp_path / "rankings.jsonl", ranking_rows(30, heldout=4, k=4))
    jobs = [
        training_job(tmp_path / name, model_folder("llama"), rankings, stage) for name in ("whole", "killed")
    ]
    finish(jobs[0])
    with StageApart(jobs[1]) as killed_stage:
        killed_stage.signal_at(stage, 5, number)
        rest = killed_stage.rest()
    if number == signal.SIGTERM:
        assert killed_stage.end() == 143
        assert "told to stop" in rest[-1]["error"]
    assert not (tmp_path / "killed" / f"{stage}-out").exists()
    steps = [line["step"] for line in finish(jobs[1]) if line.get("phase") == stage]
    assert steps[0] != 1, "it began again instead of going on"
    files = [job.parent / f"{stage}-out" / "checkpoint" / "model.safetensors" for job in jobs]
    whole, killed = map(load_file, files)
    assert all(torch.equal(whole[name], killed[name]) for name in whole)


def test_ppo_ends_with_the_same_weights_after_a_kill_between_its_draws(
    tmp_path: Path, on_policy_world: dict[str, Any]
) -> None:
    params = {"iterations": 6, "rollout_prompts": 4, "batch_prompts": 2, "epochs": 2, "save_seconds": 0}
    jobs = []
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
        fields = {**on_policy_world, "lora": {"rank": 4, "alpha": 4}, "sampling": {"max_new_tokens": 8}}
        jobs.append(write_job(tmp_path / name, "ppo", **fields, params={**params, "kl": "adaptive"}))
    finish(jobs[0])
    with StageApart(jobs[1]) as stage:
        stage.signal_at("ppo", 6, signal.SIGKILL)
    assert not (tmp_path / "killed" / "ppo-out").exists()
    steps = [line["step"] for line in finish(jobs[1]) if line.get("phase") == "ppo"]
    assert steps[0] != 1, "it began again instead of going on"
    whole, killed = (load_file(job.parent / "ppo-out/checkpoint/model.safetensors") for job in jobs)
    assert all(torch.equal(whole[name], killed[name]) for name in whole)


def test_it_samples_the_same_after_a_kill(tmp_path: Path, model_folder: Callable[[str], str]) -> None:
    prompts = write_lines(tmp_path / "prompts.jsonl", prompt_rows(60))
    jobs = []
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
        jobs.append(
            write_job(
                tmp_path / name,
                "sample",
                policy=model_folder("llama"),
                prompts=prompts,
                k=2,
                sampling={"max_new_tokens": 48},
                params={"batch_rows": 4},
            )
        )
    finish(jobs[0])
    with StageApart(jobs[1]) as stage:
        stage.signal_at("sample", 8, signal.SIGKILL)
    finish(jobs[1])
    whole, killed = (list(read_completions(job.parent / "sample-out" / "completions.jsonl")) for job in jobs)
    assert whole == killed


def test_it_lets_one_of_two_processes_work(tmp_path: Path, model_folder: Callable[[str], str]) -> None:
    rankings = write_lines(tmp_path / "rankings.jsonl", ranking_rows(30, k=4))
    job = training_job(tmp_path / "one", model_folder("llama"), rankings, "dpo")
    with StageApart(job) as first, StageApart(job) as second:
        codes = {first.end(), second.end()}
    # The second waits a while for the lock: it then finds the work done, or gives up with a sentence.
    assert 0 in codes
    assert codes <= {0, 2}
