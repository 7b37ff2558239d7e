"""What the reward and the evaluate stage refuse: one sentence, no output, and what was there as it was."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transformers import BertConfig, BertForMaskedLM

from tests.training.test_reward_stage import relabelled
from tests.training.tiny import make_tokenizer, prompt_rows, ranking_rows, run_stage, write_job, write_lines
from training.__main__ import main
from training.checkpoints import weights_hash


@pytest.fixture
def llama(model_folder: Callable[[str], str]) -> str:
    return model_folder("llama")


@pytest.fixture(scope="module")
def reward_model(tmp_path_factory: pytest.TempPathFactory, model_folder: Callable[[str], str]) -> Path:
    folder = tmp_path_factory.mktemp("reward")
    rankings = write_lines(folder / "rankings.jsonl", ranking_rows(4))
    job = write_job(folder, "reward", policy=model_folder("llama"), rankings=[rankings])
    return run_stage(job)[0] / "checkpoint"


def refused(capsys: pytest.CaptureFixture[str], job: Path) -> str:
    fields = json.loads(job.read_text())
    assert main([fields["stage"], str(job)]) == 2
    assert not Path(fields["output"]).exists()
    return capsys.readouterr().err.strip().splitlines()[-1]


def evaluate_job(folder: Path, policy: str, reward_model: Path | str, **fields: Any) -> Path:
    prompts = write_lines(folder / "prompts.jsonl", prompt_rows(2))
    given = {"prompts": prompts, "sampling": {"max_new_tokens": 4}, **fields}
    return write_job(folder, "evaluate", policy=policy, reward_model=str(reward_model), **given)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{**row, "gaps": [None, None]} for row in ranking_rows(3)],
        ranking_rows(3, heldout=3),
        [{**row, "weight": 0} for row in ranking_rows(3)],
    ],
    ids=["empty", "ties", "held out", "weightless"],
)
def test_it_refuses_rankings_that_teach_nothing(
    tmp_path: Path, llama: str, capsys: pytest.CaptureFixture[str], rows: list[dict[str, Any]]
) -> None:
    path = write_lines(tmp_path / "rankings.jsonl", rows)
    error = refused(capsys, write_job(tmp_path, "reward", policy=llama, rankings=[path]))
    assert "hold no pair to train on" in error


def test_it_takes_rankings_by_one_annotator_alone(tmp_path: Path, llama: str) -> None:
    rows = [{**row, "annotator": "ann"} for row in ranking_rows(3)]
    path = write_lines(tmp_path / "rankings.jsonl", rows)
    _, metrics = run_stage(write_job(tmp_path, "reward", policy=llama, rankings=[path]))
    assert metrics["heldout_accuracy"] is None
    assert metrics["length"]["correlation"] is not None


def test_it_refuses_a_completion_longer_than_the_context(
    tmp_path: Path, llama: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ranking_rows(3)
    rows[1]["completions"][0]["text"] = "warm " * 300
    path = write_lines(tmp_path / "rankings.jsonl", rows)
    error = refused(capsys, write_job(tmp_path, "reward", policy=llama, rankings=[path]))
    assert "The prompt p1 with its longest completion is" in error
    assert "the model's context is 256" in error


def test_it_stops_when_the_loss_is_no_number_and_keeps_the_model_before(
    tmp_path: Path, llama: str, capsys: pytest.CaptureFixture[str], reward_model: Path
) -> None:
    before = weights_hash(reward_model)
    path = write_lines(tmp_path / "rankings.jsonl", ranking_rows(8))
    params = {"full_learning_rate": 1e30, "batch_prompts": 2, "save_seconds": 0}
    job = write_job(
        tmp_path,
        "reward",
        policy=llama,
        rankings=[path],
        params=params,
        previous_reward_model=str(reward_model),
    )
    error = refused(capsys, job)
    assert "is not finite at step 2 of 4" in error or "The loss is nan at step 2 of 4" in error
    assert weights_hash(reward_model) == before


def test_it_refuses_an_encoder_as_the_trunk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "bert"
    config = BertConfig(
        vocab_size=300, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2
    )
    BertForMaskedLM(config).save_pretrained(folder)
    make_tokenizer().save_pretrained(folder)
    path = write_lines(tmp_path / "rankings.jsonl", ranking_rows(2))
    error = refused(capsys, write_job(tmp_path, "reward", policy=str(folder), rankings=[path]))
    assert f"The policy {folder} " in error


def test_it_refuses_a_policy_as_the_reward_model(
    tmp_path: Path, llama: str, capsys: pytest.CaptureFixture[str], reward_model: Path
) -> None:
    error = refused(capsys, evaluate_job(tmp_path, llama, llama))
    assert "was not written by the reward stage" in error
    disguised = tmp_path / "disguised"
    shutil.copytree(llama, disguised)
    shutil.copy(reward_model / "meta.json", disguised)
    error = refused(capsys, evaluate_job(tmp_path, llama, disguised))
    assert f"The reward model {disguised} has no weights for score.weight" in error


def test_it_refuses_a_reward_model_as_the_policy(
    tmp_path: Path, llama: str, capsys: pytest.CaptureFixture[str], reward_model: Path
) -> None:
    error = refused(capsys, evaluate_job(tmp_path, str(reward_model), reward_model))
    assert f"The policy {reward_model} is a reward model" in error
    error = refused(capsys, evaluate_job(tmp_path, llama, reward_model, reference=str(reward_model)))
    assert f"The start {reward_model} is a reward model" in error


@pytest.mark.parametrize(
    "change",
    [
        {"reward_std": 0},
        {"reward_mean": None},
        {"temperature": 0},
        {"members": [{"mean": 0, "std": 1}] * 3, "combine": "mean", "penalty": 0},
        {"members": [{"mean": 0, "std": 1}], "combine": "median", "penalty": 0},
    ],
)
def test_it_refuses_a_reward_model_with_a_broken_scale(
    tmp_path: Path,
    llama: str,
    capsys: pytest.CaptureFixture[str],
    reward_model: Path,
    change: dict[str, Any],
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(reward_model, broken)
    meta = json.loads((broken / "meta.json").read_text()) | change
    (broken / "meta.json").write_text(json.dumps(meta))
    error = refused(capsys, evaluate_job(tmp_path, llama, broken))
    assert f"The reward model {broken} has " in error


def test_it_refuses_a_reward_model_of_another_vocabulary(
    tmp_path: Path, llama: str, capsys: pytest.CaptureFixture[str], reward_model: Path
) -> None:
    other = relabelled(str(reward_model), tmp_path / "other")
    error = refused(capsys, evaluate_job(tmp_path, llama, other))
    assert f"The reward model {other} has another vocabulary than the policy {llama}" in error


def test_it_refuses_to_evaluate_on_no_prompt(
    tmp_path: Path, llama: str, capsys: pytest.CaptureFixture[str], reward_model: Path
) -> None:
    empty = write_lines(tmp_path / "none.jsonl", [])
    assert "holds no prompt" in refused(capsys, evaluate_job(tmp_path, llama, reward_model, prompts=empty))


@pytest.mark.slow
def test_it_says_where_there_is_no_room_and_goes_on_when_there_is(
    tmp_path: Path, llama: str, reward_model: Path
) -> None:
    before = weights_hash(reward_model)
    path = write_lines(tmp_path / "rankings.jsonl", ranking_rows(6))
    job = write_job(
        tmp_path, "reward", policy=llama, rankings=[path], previous_reward_model=str(reward_model)
    )

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))

    ended = subprocess.run(
        [sys.executable, "-m", "training", "reward", str(job), "--json"],
        capture_output=True, text=True, preexec_fn=little_room, timeout=300, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert ended.returncode == 1
    error = json.loads(ended.stdout.splitlines()[-1])["error"]
    assert error.startswith("A file would be larger than this system allows at")
    assert str(tmp_path / "reward-out") in error
    assert not (tmp_path / "reward-out").exists()
    assert weights_hash(reward_model) == before
    run_stage(job)
