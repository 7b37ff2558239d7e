"""PPO and RLOO on the starter model: the score rises, and the policy stays near its reference."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.training.tiny import run_stage, write_job, write_lines
from training.contracts import read_completions

pytestmark = pytest.mark.slow

STARTER = Path(__file__).parents[2] / "training" / "starter"
LORA = {"rank": 16, "alpha": 16}
SAMPLING = {"temperatures": [1.0], "max_new_tokens": 48}


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Prompts of the starter, and a reward model that has been shown that shorter replies are better."""
    folder = tmp_path_factory.mktemp("starter")
    lines = (STARTER / "prompts.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if '"train"' in line][:48]
    prompts = [
        {"prompt_id": row["id"], "messages": [{"role": "user", "content": row["prompt"]}]} for row in rows
    ]
    fields = {"policy": str(STARTER / "model"), "prompts": write_lines(folder / "prompts.jsonl", prompts)}
    output, _ = run_stage(write_job(folder, "sample", **fields, k=4, sampling=SAMPLING))
    replies = list(read_completions(output / "completions.jsonl"))
    rankings = []
    for number, prompt in enumerate(prompts):
        own = sorted(replies[4 * number : 4 * number + 4], key=lambda row: len(row.token_ids))
        lengths = [len(row.token_ids) for row in own]
        rankings.append(
            {
                **prompt,
                "completions": [
                    {"text": row.text, "token_ids": row.token_ids, "finish": row.finish} for row in own
                ],
                "gaps": [3 if a < b else None for a, b in pairwise(lengths)],
            }
        )
    files = [write_lines(folder / "rankings.jsonl", rankings)]
    reward, _ = run_stage(write_job(folder, "reward", policy=fields["policy"], rankings=files, lora=LORA))
    return {**fields, "reward_model": str(reward / "checkpoint"), "k": 4, "lora": LORA, "sampling": SAMPLING}


@pytest.mark.parametrize("stage", ["ppo", "rloo"])
def test_it_raises_the_score_and_stays_near_its_reference(
    tmp_path: Path, job: dict[str, Any], stage: str
) -> None:
    params = {"iterations": 12, "rollout_prompts": 16, "batch_prompts": 8, "learning_rate": 1e-2}
    _, metrics = run_stage(write_job(tmp_path, stage, **job, params=params))
    assert metrics["score"] > metrics["first_score"] + 0.1
    assert metrics["length"] < 0.75 * metrics["first_length"]
    assert metrics["kl"] < 8
