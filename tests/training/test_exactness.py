"""Whole stages under every kind of training: what is resumed, recomputed or shared among processes."""

from __future__ import annotations

import json
import math
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.training.apart import StageApart, launched, together
from tests.training.stops import StopAfter
from tests.training.tiny import ranking_rows, run_stage, write_job, write_lines
from training.__main__ import main

pytestmark = pytest.mark.slow

LORA = {"rank": 4, "alpha": 4, "dropout": 0.1}
SHARDED = ("--use_fsdp", "--fsdp_version", "2")
KINDS: dict[str, dict[str, Any]] = {
    "lora": {"lora": LORA},
    "full": {"lora": None},
    "lora bfloat16": {"lora": LORA, "precision": "bfloat16"},
    "full bfloat16": {"lora": None, "precision": "bfloat16"},
}


@pytest.fixture
def make_job(tmp_path: Path, model_folder: Callable[[str], str]) -> Callable[..., Path]:
    rankings = write_lines(tmp_path / "rankings.jsonl", ranking_rows(12, heldout=3))

    def make(name: str, stage: str = "dpo", params: dict[str, Any] | None = None, **fields: Any) -> Path:
        (tmp_path / name).mkdir()
        settings = {"save_seconds": 0, "batch_prompts": 3, **(params or {})}
        return write_job(
            tmp_path / name,
            stage,
            policy=model_folder("llama"),
            rankings=[rankings],
            params=settings,
            **fields,
        )

    return make


def weights(job: Path) -> dict[str, torch.Tensor]:
    return load_file(Path(json.loads(job.read_text())["output"]) / "checkpoint" / "model.safetensors")


@pytest.mark.parametrize("kind", KINDS)
def test_it_resumes_bit_for_bit_however_it_trains(kind: str, make_job: Callable[..., Path]) -> None:
    whole, stopped = (make_job(name, **KINDS[kind]) for name in ("whole", "stopped"))
    run_stage(whole)
    assert main(["dpo", str(stopped)], stop=StopAfter(4)) == 143
    assert main(["dpo", str(stopped)]) == 0
    expected = weights(whole)
    for name, ours in weights(stopped).items():
        assert torch.equal(ours, expected[name]), name


@pytest.mark.parametrize("lora", [None, {"rank": 4, "alpha": 4}])
def test_it_starts_each_round_as_its_own_reference(
    lora: dict[str, int] | None, make_job: Callable[..., Path]
) -> None:
    first = make_job("first", lora=lora, params={"learning_rate": 0.01, "full_learning_rate": 0.003})
    output, before = run_stage(first)
    checkpoint = str(output / "checkpoint")
    second = make_job("second", lora=lora)
    job = json.loads(second.read_text())
    second.write_text(json.dumps({**job, "policy": checkpoint, "reference": checkpoint}))
    _, after = run_stage(second)
    assert before["loss"] < 0.69
    # against the first round's reference it would be what the first round ended with
    assert after["first_loss"] == pytest.approx(math.log(2), abs=1e-5)


@pytest.mark.parametrize("lora", [None, {"rank": 4, "alpha": 4}])
@pytest.mark.parametrize("stage", ["reward", "dpo"])
def test_it_trains_the_same_when_activations_are_recomputed(
    stage: str, lora: dict[str, int] | None, make_job: Callable[..., Path]
) -> None:
    plain = make_job("plain", stage, lora=lora)
    again = make_job("again", stage, {"gradient_checkpointing": True}, lora=lora)
    run_stage(plain)
    run_stage(again)
    expected = weights(plain)
    for name, ours in weights(again).items():
        torch.testing.assert_close(ours, expected[name], rtol=1e-5, atol=1e-6)


def test_it_trains_in_bfloat16_near_what_float32_gives(make_job: Callable[..., Path]) -> None:
    fields: dict[str, Any] = {"lora": None, "params": {"epochs": 4, "full_learning_rate": 0.003}}
    _, exact = run_stage(make_job("exact", **fields))
    output, rounded = run_stage(make_job("rounded", precision="bfloat16", **fields))
    assert rounded["first_loss"] == pytest.approx(exact["first_loss"], abs=1e-2)
    assert rounded["loss"] == pytest.approx(exact["loss"], rel=0.05)
    # small steps vanish in bfloat16, so the weights themselves stay in float32
    assert load_file(output / "checkpoint" / "model.safetensors")["model.norm.weight"].dtype == torch.float32


def launch(job: Path, processes: int, *how: str) -> None:
    """Run a job's stage by ``accelerate launch``."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "accelerate.commands.launch", *how,
        "--num_processes", str(processes), "--num_machines", "1", "--mixed_precision", "no",
        "--dynamo_backend", "no", "--main_process_port", str(port),
        "-m", "training", json.loads(job.read_text())["stage"], str(job), "--json",
    ]  # fmt: skip
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]


def steps_of(told: list[dict[str, Any]], phase: str) -> list[int]:
    """The steps of one phase, as they were told."""
    return [line["step"] for line in told if line.get("phase") == phase]


def assert_same_weights(job: Path, other: Path) -> None:
    """The checkpoints of two jobs differ by rounding at most."""
    ours, theirs = weights(job), weights(other)
    assert ours.keys() == theirs.keys()
    for name, own in ours.items():
        torch.testing.assert_close(own, theirs[name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("stage", "lora"), [("dpo", None), ("reward", {"rank": 4, "alpha": 4})])
def test_it_gives_with_two_processes_what_one_gives(
    stage: str, lora: dict[str, int] | None, make_job: Callable[..., Path]
) -> None:
    alone, shared = make_job("alone", stage, lora=lora), make_job("shared", stage, lora=lora)
    run_stage(alone)
    steps = steps_of(together(shared, 2, "--cpu"), stage)
    assert steps == sorted(set(steps)), "only the first process speaks"
    assert_same_weights(shared, alone)


def test_it_is_launched_by_accelerate(make_job: Callable[..., Path]) -> None:
    alone, launched = make_job("alone"), make_job("launched")
    run_stage(alone)
    launch(launched, 2, *SHARDED)
    assert_same_weights(launched, alone)


def test_it_says_which_process_left_the_others(make_job: Callable[..., Path]) -> None:
    job = make_job("left", params={"batch_prompts": 3, "epochs": 200})
    ours, others = launched(2, "--cpu")
    with StageApart(job, ours) as first, StageApart(job, others) as second:
        first.come_to("dpo", 2)
        second.signal(SIGKILL)
        said = first.rest()[-1]["error"]
        assert first.end() == 1
    assert "Process 2 of 2 ended before the others" in said


def test_it_gives_with_sharded_weights_what_one_process_gives(make_job: Callable[..., Path]) -> None:
    alone, sharded = make_job("alone"), make_job("sharded")
    run_stage(alone)
    stopped = together(sharded, 2, *SHARDED, module="tests.training.stops")
    assert "told to stop" in stopped[-1]["error"]
    steps = steps_of(together(sharded, 2, *SHARDED), "dpo")
    assert steps[0] > 1, "what was done is not done again"
    assert_same_weights(sharded, alone)


def test_it_learns_the_best_replies_with_sharded_weights(
    on_policy_world: dict[str, Any], tmp_path: Path
) -> None:
    drawn, _ = run_stage(write_job(tmp_path, "sample", **{**on_policy_world, "k": 3}))
    given = {**on_policy_world, "completions": [str(drawn / "completions.jsonl")], "lora": None}
    jobs = []
    for name in ("alone", "sharded"):
        (tmp_path / name).mkdir()
        jobs.append(write_job(tmp_path / name, "rejection", **given, params={"batch_prompts": 3}))
    run_stage(jobs[0])
    together(jobs[1], 2, *SHARDED)
    assert_same_weights(jobs[1], jobs[0])


def test_it_goes_on_with_sharded_weights_where_one_process_stopped(make_job: Callable[..., Path]) -> None:
    lora = {"rank": 4, "alpha": 4}
    alone, sharded = (make_job(name, "reward", lora=lora) for name in ("alone", "sharded"))
    run_stage(alone)
    assert main(["reward", str(sharded)], stop=StopAfter(2)) == 143
    assert steps_of(together(sharded, 2, *SHARDED), "reward")[0] == 3
    assert_same_weights(sharded, alone)


@pytest.mark.parametrize(
    ("stage", "version", "says"),
    [("ppo", "2", "ppo does not shard its weights"), ("dpo", "1", "pass --fsdp_version 2")],
)
def test_it_refuses_what_it_cannot_shard(
    stage: str, version: str, says: str, make_job: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    launched = {"WORLD_SIZE": "2", "RANK": "0", "ACCELERATE_USE_FSDP": "true", "FSDP_VERSION": version}
    for name, value in launched.items():
        monkeypatch.setenv(name, value)
    job = make_job("refused", stage, params={"batch_prompts": 3})
    assert main([stage, str(job)]) == 2
    assert says in capsys.readouterr().err
