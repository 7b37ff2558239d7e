from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.training.tiny import prompt_rows, write_job, write_lines
from training.__main__ import main


def fails(capsys: pytest.CaptureFixture[str], stage: str, job: Path) -> tuple[int, str]:
    """Exit code and error sentence of a stage that must fail."""
    code = main([stage, str(job)])
    return code, capsys.readouterr().err.strip().splitlines()[-1]


def test_it_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    for word in (
        "sample",
        "evaluate",
        "job.json",
        "reward_model",
        "learning_rate",
        "max_new_tokens",
        "--json",
    ):
        assert word in text


def test_it_refuses_a_job_of_another_stage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, error = fails(capsys, "dpo", write_job(tmp_path, "sample"))
    assert code == 2
    assert "is for the stage sample, not dpo" in error


def test_it_refuses_unknown_params(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, error = fails(capsys, "dpo", write_job(tmp_path, "dpo", params={"betta": 1}))
    assert code == 2
    assert "Unknown params: betta" in error


def test_it_refuses_a_model_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prompts = write_lines(tmp_path / "prompts.jsonl", prompt_rows(1))
    code, error = fails(capsys, "sample", write_job(tmp_path, "sample", policy="/no/such", prompts=prompts))
    assert code == 2
    assert error == "error: The policy /no/such is not a folder that exists."
    assert not (tmp_path / "sample-out").exists()


def test_it_does_nothing_when_the_stage_is_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = write_job(tmp_path, "sample", policy="/no/such", prompts="/no/such")
    (tmp_path / "sample-out").mkdir()
    (tmp_path / "sample-out" / "result.json").write_text("{}")
    assert main(["sample", str(job)]) == 0
    assert "Already done" in capsys.readouterr().err


def test_it_keeps_an_output_that_is_not_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = write_job(tmp_path, "sample")
    (tmp_path / "sample-out").mkdir()
    (tmp_path / "sample-out" / "thesis.txt").write_text("mine")
    code, error = fails(capsys, "sample", job)
    assert code == 2
    assert "is not the result of a stage" in error
    assert (tmp_path / "sample-out" / "thesis.txt").read_text() == "mine"


def test_it_says_that_the_disk_is_full(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device", str(tmp_path))

    monkeypatch.setattr("training.__main__.execute", full)
    code, error = fails(capsys, "sample", write_job(tmp_path, "sample"))
    assert code == 1
    assert error.startswith(f"error: The disk is full at {tmp_path}")


def test_it_writes_its_error_as_the_last_json_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.__main__.watch_parent", lambda: None)
    assert main(["sample", str(write_job(tmp_path, "sample", k=0)), "--json"]) == 2
    assert "k must be" in json.loads(capsys.readouterr().out.splitlines()[-1])["error"]
