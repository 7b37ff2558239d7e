"""Shared by the tests of training: one thread, and models made once a session."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.tiny import prompt_rows, ranking_rows, run_stage, save_model, write_job, write_lines
from training.contracts import JobSpec, LoraSpec, SamplingSpec
from training.process import StopFlag
from training.progress import Reporter
from training.run import Run

LORA = {"rank": 4, "alpha": 8}


@pytest.fixture(scope="session", autouse=True)
def _single_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """A function from architecture (llama, qwen2, gpt2) to the folder of its tiny model."""
    made: dict[str, str] = {}

    def make(kind: str) -> str:
        if kind not in made:
            made[kind] = save_model(kind, tmp_path_factory.mktemp(kind))
        return made[kind]

    return make


@pytest.fixture(scope="session")
def on_policy_world(
    tmp_path_factory: pytest.TempPathFactory, model_folder: Callable[[str], str]
) -> dict[str, Any]:
    """A policy, a reward model trained on it by adapters, and prompts: the fields of a job."""
    folder = tmp_path_factory.mktemp("world")
    rankings = write_lines(folder / "rankings.jsonl", ranking_rows(8, k=2))
    llama = model_folder("llama")
    reward, _ = run_stage(write_job(folder, "reward", policy=llama, rankings=[rankings], lora=LORA))
    return {
        "policy": llama,
        "reference": llama,
        "reward_model": str(reward / "checkpoint"),
        "prompts": write_lines(folder / "prompts.jsonl", prompt_rows(6)),
        "k": 2,
    }


@pytest.fixture
def make_run(tmp_path: Path, on_policy_world: dict[str, Any]) -> Callable[..., Run]:
    """A function that makes the run of a job of this world, with params and whatever else is to differ."""

    def make(stage: Any = "ppo", *, lora: Any = LORA, **fields: Any) -> Run:
        work = tmp_path / str(len(list(tmp_path.iterdir())))
        work.mkdir()
        params = {
            "iterations": 2,
            "rollout_prompts": 4,
            "batch_prompts": 2,
            "missing_eos_score": None,  # a random model hardly ever ends a reply
            **fields.pop("params", {}),
        }
        given = {
            "sampling": SamplingSpec(max_new_tokens=6),
            "lora": LoraSpec(**lora) if lora else None,
            **on_policy_world,
            **fields,
        }
        job = JobSpec(stage=stage, output=str(work / "out"), work=str(work), params=params, **given)
        return Run(job, work, work, Reporter(as_json=True, stream=io.StringIO()), StopFlag())

    return make
