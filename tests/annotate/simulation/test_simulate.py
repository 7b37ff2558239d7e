"""``manage.py simulate`` from the start of its own server to the report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

BASE = Path(__file__).resolve().parents[3]
PROMPTS = [
    {"prompt": f"Please write a thank-you note to {who} for the {what}.", "split": split}
    for split, whos in (("train", ("Anna", "Ben")), ("heldout", ("Clara", "David")))
    for who in whos
    for what in ("cake", "book", "scarf")
]


def _simulate(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    prompts = folder / "prompts.jsonl"
    prompts.write_text("".join(json.dumps(row) + "\n" for row in PROMPTS))
    command = [sys.executable, str(BASE / "manage.py"), "simulate", "--prompts", str(prompts), *arguments]
    named = ("DATABASE_URL", "REDIS_URL", "PLUMBLINE_DATA")
    environment = {name: value for name, value in os.environ.items() if name not in named}
    environment |= {"TMPDIR": str(folder), "PLUMBLINE_DATA": str(folder / "unused"), "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)


def _leftovers(folder: Path) -> list[list[str]]:
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        if str(folder) in " ".join(process.info["cmdline"] or []):
            found.append(process.info["cmdline"])
    return found


@pytest.mark.slow
@pytest.mark.loop
@pytest.mark.timeout(700)
def test_it_runs_a_round_reports_it_and_leaves_nothing_running(tmp_path: Path) -> None:
    report_file = tmp_path / "report.json"
    plan = ["--annotators", "2", "--rounds", "1", "--comparisons", "6", "--k", "3", "--seed", "1"]
    done = _simulate(tmp_path, *plan, "--report", str(report_file))
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(report_file.read_text())
    (round,) = report["rounds"]
    assert {
        "reward_accuracy", "reward_accuracy_by_margin", "gold_mean", "gold_mean_ci", "gold_win_rate_vs_start",
        "kl_to_start", "length_mean", "seconds",
    } <= set(round)  # fmt: skip
    assert round["rankings"] == 6
    assert set(round["seconds"]) == {"sample", "collect", "reward", "dpo", "evaluate", "total"}
    assert 0 <= report["final_gold_win_rate"] <= 1
    assert "politeness" in report["gold"]["score"]
    assert _leftovers(tmp_path) == []
    assert not list(tmp_path.glob("plumbline-simulate-*"))


@pytest.mark.slow
@pytest.mark.loop
@pytest.mark.timeout(700)
def test_it_gives_the_reason_of_a_round_that_failed_and_stops_its_server(tmp_path: Path) -> None:
    done = _simulate(tmp_path, "--rounds", "1", "--comparisons", "2", "--model", str(tmp_path / "nothing"))
    assert done.returncode == 1
    assert "Round 1 of 1 is failed" in done.stderr or "nothing" in done.stderr
    assert _leftovers(tmp_path) == []
