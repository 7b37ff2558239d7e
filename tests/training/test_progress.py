from __future__ import annotations

import io
import json

import pytest

from training.progress import Reporter


def test_it_writes_json_lines_and_always_the_last() -> None:
    stream = io.StringIO()
    reporter = Reporter(as_json=True, stream=stream)
    reporter.start("dpo", total=1000, unit="step")
    for step in range(1, 1001):
        reporter.update(step, tokens=10, metrics={"loss": 0.5, "bad": float("nan")})
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert 2 <= len(lines) < 100
    assert (lines[-1]["phase"], lines[-1]["step"], lines[-1]["total"], lines[-1]["unit"]) == (
        "dpo",
        1000,
        1000,
        "step",
    )
    assert lines[-1]["metrics"] == {"loss": 0.5}
    assert lines[-1]["eta_seconds"] == 0
    assert lines[-1]["tokens_per_second"] > 0


def test_it_counts_speed_from_where_it_resumed() -> None:
    stream = io.StringIO()
    reporter = Reporter(as_json=True, stream=stream)
    reporter.start("dpo", total=100, unit="step", step=98)
    reporter.update(99)
    line = json.loads(stream.getvalue())
    assert line["eta_seconds"] == pytest.approx(line["seconds"], abs=0.02)


def test_it_says_an_error_in_the_last_line(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    Reporter(as_json=True, stream=stream).fail("No.")
    assert json.loads(stream.getvalue()) == {"error": "No."}
    Reporter(as_json=False).fail("No.")
    assert capsys.readouterr().err == "error: No.\n"


def test_it_draws_a_bar_for_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    reporter = Reporter(as_json=False)
    reporter.start("dpo", total=2, unit="step")
    reporter.update(2, tokens=50, metrics={"loss": 0.25})
    reporter.close()
    captured = capsys.readouterr()
    assert "dpo: 100%" in captured.err
    assert "loss=0.25, tokens/s=" in captured.err
    assert captured.out == ""
