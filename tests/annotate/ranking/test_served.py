"""The queue as it is served: web processes, keep-alive connections, cookies and CSRF, a crowd at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BASE = Path(__file__).resolve().parents[3]


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_crowd_leases_and_submits_and_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    output = tmp_path / "server.json"
    options = ["--people", "30", "--comparisons", "60", "9000", "--rates", "15", "--seconds", "4"]
    options += ["--web", "2"]
    environment = {
        name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.server", *options, "--output", str(output)],
        cwd=BASE, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    measured = json.loads(output.read_text())
    assert set(measured["faults"].values()) == {0}
    assert [load["load"] for load in measured["loads"]] == ["60: 15/s", "9,000: 15/s", "9,000: saturation"]
    assert all(load["submit"]["count"] > 10 for load in measured["loads"])
    # The search reads as many pages in a long queue as in a short one, but for a level of the index.
    short, long = measured["queue"]
    assert abs(long["buffers"] - short["buffers"]) <= 3
    assert all("Index Scan using comparison_queue" in "\n".join(size["plan"]) for size in (short, long))
