"""PPO and RLOO as stages, on a tiny model whose reward model likes the word "warm"."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.training.tiny import prompt_rows, ranking_rows, run_stage, write_job, write_lines

LORA = {"rank": 4, "alpha": 8}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, model_folder: Callable[[str], str]) -> dict[str, Any]:
    """A policy, a reward model trained on it by adapters, and prompts: the fields of a job."""
    folder = tmp_path_factory.mktemp("world")
    rankings = write_lines(folder / "rankings.jsonl", ranking_rows(16, heldout=2))
    llama = model_folder("llama")
    reward, _ = run_stage(write_job(folder, "reward", policy=llama, rankings=[rankings], lora=LORA))
    return {
        "policy": llama,
        "reference": llama,
        "reward_model": str(reward / "checkpoint"),
        "prompts": write_lines(folder / "prompts.jsonl", prompt_rows(6)),
        "k": 2,
        "sampling": {"max_new_tokens": 6},
    }


@pytest.mark.parametrize("stage", ["ppo", "rloo"])
@pytest.mark.parametrize("lora", [LORA, None])
def test_it_starts_where_it_drew_and_has_no_kl_to_its_reference(
    tmp_path: Path, world: dict[str, Any], stage: str, lora: dict[str, int] | None
) -> None:
    params = {"iterations": 2, "rollout_prompts": 4, "batch_prompts": 2}
    output, metrics = run_stage(write_job(tmp_path, stage, **world, lora=lora, params=params))
    assert metrics["first_kl"] == 0
    assert metrics["steps"] == 4
    assert (output / "checkpoint" / "model.safetensors").is_file()
    assert (output / "checkpoint" / "adapter" / "adapter_model.safetensors").is_file() == bool(lora)
