from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.training.tiny import ranking_rows, run_stage, write_job, write_lines
from training.__main__ import main
from training.stages.benchmark import Verdict, benchmark_metrics


@pytest.fixture(scope="module")
def reward_model(tmp_path_factory: pytest.TempPathFactory, model_folder: Callable[[str], str]) -> str:
    folder = tmp_path_factory.mktemp("reward")
    rankings = write_lines(folder / "rankings.jsonl", ranking_rows(16))
    params = {"epochs": 6, "full_learning_rate": 0.01}
    job = write_job(folder, "reward", policy=model_folder("llama"), rankings=[rankings], params=params)
    return str(run_stage(job)[0] / "checkpoint")


def test_it_scores_a_benchmark_by_subset(tmp_path: Path, reward_model: str) -> None:
    rows = [
        {
            "prompt": f"tea {n}",
            "chosen": "warm warm warm very much",
            "rejected": "very much",
            "subset": "easy",
        }
        for n in range(4)
    ]
    rows.append({**rows[0], "chosen": rows[0]["rejected"], "rejected": rows[0]["chosen"], "subset": "wrong"})
    rows.append({**rows[0], "chosen": "same", "rejected": "same", "subset": "even"})
    rows.append({**rows[0], "chosen": "warm " * 300})
    path = write_lines(tmp_path / "bench.jsonl", rows)
    output, metrics = run_stage(
        write_job(tmp_path, "benchmark", reward_model=reward_model, benchmarks=[path])
    )
    own = metrics["bench.jsonl"]
    assert own["subsets"] == {
        "easy": {"accuracy": 1.0, "rows": 4},
        "even": {"accuracy": 0.5, "rows": 1},
        "wrong": {"accuracy": 0.0, "rows": 1},
    }
    assert own["accuracy"] == pytest.approx(4.5 / 6)
    assert own["mean_of_subsets"] == 0.5
    assert own["too_long"] == 1
    written = [json.loads(line) for line in (output / "benchmark.jsonl").read_text().splitlines()]
    assert [row["row"] for row in written] == [1, 2, 3, 4, 5, 6]
    assert all((row["chosen"][0] > row["rejected"][0]) == (row["right"] == 1) for row in written)


def test_it_calls_a_row_right_when_the_chosen_beats_every_rejected(tmp_path: Path, reward_model: str) -> None:
    best, worse, worst = "warm warm warm very much", "warm very much", "very much"
    rows = [
        {"prompt": "tea", "chosen": [best], "rejected": [worse, worst]},
        {"prompt": "tea", "chosen": [worse], "rejected": [worst, best]},
        {"prompt": "tea", "chosen": [best, worse], "rejected": [worst]},
    ]
    path = write_lines(tmp_path / "bench.jsonl", rows)
    output, _ = run_stage(write_job(tmp_path, "benchmark", reward_model=reward_model, benchmarks=[path]))
    written = [json.loads(line) for line in (output / "benchmark.jsonl").read_text().splitlines()]
    assert [row["right"] for row in written] == [1.0, 0.0, 1.0]


def test_it_says_nothing_of_rows_that_are_all_too_long() -> None:
    metrics = benchmark_metrics([], bootstrap=10, seed=0)
    assert metrics["rows"] == 0
    assert metrics["accuracy"] is metrics["accuracy_interval"] is metrics["mean_of_subsets"] is None


def test_it_needs_no_subsets() -> None:
    metrics = benchmark_metrics([Verdict("b", 1, "", [1.0], [0.0], 1.0)], bootstrap=10, seed=0)
    assert metrics["subsets"] == {}
    assert metrics["mean_of_subsets"] is None
    assert metrics["accuracy_interval"] == [1.0, 1.0]


def test_it_refuses_a_job_without_a_benchmark(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", str(write_job(tmp_path, "benchmark"))]) == 2
    assert "names no benchmarks" in capsys.readouterr().err
