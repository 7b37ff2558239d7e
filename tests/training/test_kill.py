"""Stages as real processes, killed in the middle and run again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.training.tiny import prompt_rows, ranking_rows, run_stage, write_job, write_lines
from training.contracts import read_completions

pytestmark = pytest.mark.slow


def start(job: Path) -> subprocess.Popen[str]:
    stage = json.loads(job.read_text())["stage"]
    command = [sys.executable, "-m", "training", stage, str(job), "--json"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    )


def stop_at(process: subprocess.Popen[str], phase: str, step: int, number: signal.Signals) -> list[str]:
    """Send a signal when the stage says that it has come so far; returns the lines after that."""
    assert process.stdout
    for line in process.stdout:
        said = json.loads(line)
        if said.get("phase") == phase and said["step"] >= step:
            process.send_signal(number)
            break
    return process.stdout.readlines()


def finish(job: Path) -> list[dict[str, object]]:
    with start(job) as process:
        out, _ = process.communicate(timeout=600)
    assert process.returncode == 0, out
    return [json.loads(line) for line in out.splitlines()]


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
    with start(jobs[1]) as process:
        rest = stop_at(process, stage, 5, number)
    if number == signal.SIGTERM:
        assert process.returncode == 143
        assert "told to stop" in json.loads(rest[-1])["error"]
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
    with start(jobs[1]) as process:
        stop_at(process, "ppo", 6, signal.SIGKILL)
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
                sampling={"max_new_tokens": 100},
                params={"batch_rows": 4},
            )
        )
    finish(jobs[0])
    with start(jobs[1]) as process:
        stop_at(process, "sample", 8, signal.SIGKILL)
    finish(jobs[1])
    whole, killed = (list(read_completions(job.parent / "sample-out" / "completions.jsonl")) for job in jobs)
    assert whole == killed


def test_it_lets_one_of_two_processes_work(tmp_path: Path, model_folder: Callable[[str], str]) -> None:
    rankings = write_lines(tmp_path / "rankings.jsonl", ranking_rows(30, k=4))
    job = training_job(tmp_path / "one", model_folder("llama"), rankings, "dpo")
    with start(job) as first, start(job) as second:
        codes = {first.wait(timeout=600), second.wait(timeout=600)}
    # The second waits a while for the lock: it then finds the work done, or gives up with a sentence.
    assert 0 in codes
    assert codes <= {0, 2}
