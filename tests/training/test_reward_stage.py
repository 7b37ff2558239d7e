"""What the reward stage says of the model it trains, and how its models score for others."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.tiny import WORDS, make_tokenizer, ranking_rows, run_stage, write_job, write_lines
from training.contracts import ContractError, RankedCompletion, read_job
from training.safety import safety_first
from training.scoring import RewardModel, Scorer


@pytest.fixture
def llama(model_folder: Callable[[str], str]) -> str:
    return model_folder("llama")


def train(
    folder: Path, policy: str, rows: list[dict[str, Any]], **fields: Any
) -> tuple[Path, dict[str, Any]]:
    """A reward model's checkpoint and metrics."""
    folder.mkdir(exist_ok=True)
    rankings = write_lines(folder / "rankings.jsonl", rows)
    output, metrics = run_stage(write_job(folder, "reward", policy=policy, rankings=[rankings], **fields))
    return output / "checkpoint", metrics


def test_it_measures_by_round_and_calibrates_on_what_is_held_out(tmp_path: Path, llama: str) -> None:
    rows = [{**row, "round": n % 2 + 1} for n, row in enumerate(ranking_rows(16, heldout=6))]
    checkpoint, metrics = train(tmp_path, llama, rows, params={"full_learning_rate": 0.01})
    assert {number: own["pairs"] for number, own in metrics["heldout_accuracy_by_round"].items()} == {
        "1": 9,
        "2": 9,
    }
    assert metrics["temperature"] > 0
    assert sum(own["pairs"] for own in metrics["calibration"]["after"]["reliability"]) == 18
    # the better replies of these rows are the longer ones, without exception
    assert metrics["length"]["longer_preferred"] == 1.0
    model = RewardModel(str(checkpoint), read_job(tmp_path / "reward.json"))
    assert model.temperature == metrics["temperature"]


@pytest.mark.slow
def test_it_tries_the_model_before_on_what_that_has_not_learnt(tmp_path: Path, llama: str) -> None:
    rows = [{**row, "round": 1 if n < 8 else 2} for n, row in enumerate(ranking_rows(12))]
    # the second opinion on a comparison that was learnt is not new, though it is another ranking
    rows.append({**rows[0], "completions": rows[0]["completions"][::-1], "round": 2})
    # nor does what a language model said tell how the model before agrees with people
    rows.append({**ranking_rows(13)[-1], "round": 2, "source": "judge"})
    before, metrics = train(tmp_path / "one", llama, rows[:8])
    assert "prequential" not in metrics
    after, metrics = train(tmp_path / "two", llama, rows, previous_reward_model=str(before))
    assert metrics["prequential"]["rankings"] == 4
    assert metrics["prequential"]["pairs"] == 12
    assert set(metrics["prequential"]["by_round"]) == {"2"}
    _, again = train(tmp_path / "three", llama, rows, previous_reward_model=str(after))
    assert again["prequential"]["rankings"] == 0
    assert again["prequential"]["accuracy"] is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lambda before: (before / "trained_on.txt").unlink(), "has no trained_on.txt"),
        (shutil.rmtree, "is not a folder that exists"),
    ],
)
def test_it_trains_on_though_the_model_before_cannot_be_tried(
    tmp_path: Path, llama: str, harm: Callable[[Path], None], reason: str
) -> None:
    before, _ = train(tmp_path / "one", llama, ranking_rows(4))
    harm(before)
    _, metrics = train(tmp_path / "two", llama, ranking_rows(6), previous_reward_model=str(before))
    assert reason in metrics["prequential"]["not_measured"]
    assert metrics["train_rankings"] == 6


@pytest.mark.slow
def test_it_joins_safety_and_helpfulness(tmp_path: Path, llama: str) -> None:
    rows = ranking_rows(8)
    helpful, _ = train(tmp_path / "helpful", llama, rows)
    contrary = [{**row, "completions": row["completions"][::-1]} for row in rows]
    safety, _ = train(tmp_path / "safety", llama, contrary, seed=1, params={"full_learning_rate": 0.01})
    job = write_job(tmp_path, "evaluate", policy=llama, reward_model=str(helpful), safety_model=str(safety))
    scorer = Scorer(str(helpful), read_job(job))
    texts = [" ".join(WORDS[start : start + 4]) for start in range(6)]
    group = scorer.encoder.group(
        "p", [{"role": "user", "content": "tea"}], [RankedCompletion(t) for t in texts]
    )
    useful, safe = (
        own.rewards([group], 1000)[0] / own.temperature
        for own in (RewardModel(str(folder), read_job(job)) for folder in (helpful, safety))
    )
    for flag in (False, True):
        expected = safety_first(useful, safe, torch.tensor([flag] * 6))
        torch.testing.assert_close(scorer.rewards([group], 1000, [flag])[0], expected)
        if not flag:  # what it is where nothing is said of the prompts
            torch.testing.assert_close(scorer.rewards([group], 1000)[0], expected)


def relabelled(folder: str, copy: Path) -> str:
    """The same weights with a tokenizer that gives its ids to other words."""
    shutil.copytree(folder, copy)
    tokenizer = make_tokenizer()
    state = json.loads(tokenizer.backend_tokenizer.to_str())
    vocabulary = state["model"]["vocab"]
    first, second = (word for word, number in vocabulary.items() if number in (290, 291))
    vocabulary[first], vocabulary[second] = vocabulary[second], vocabulary[first]
    saved = json.loads((copy / "tokenizer.json").read_text())
    saved["model"]["vocab"] = vocabulary
    (copy / "tokenizer.json").write_text(json.dumps(saved))
    return str(copy)


def test_it_refuses_a_safety_model_of_another_vocabulary(tmp_path: Path, llama: str) -> None:
    helpful, _ = train(tmp_path / "helpful", llama, ranking_rows(4))
    other = relabelled(str(helpful), tmp_path / "other")
    job = read_job(write_job(tmp_path, "evaluate", safety_model=other))
    with pytest.raises(ContractError, match="another vocabulary than the safety model"):
        Scorer(str(helpful), job)
