"""``manage.py simulate``: what it refuses before it starts anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--annotators", "0"], "at least 1"),
        (["--overlap", "7"], "must not exceed"),
        (["--url", "http://127.0.0.1:1"], "needs an admin's --token"),
        (["--prompts", "missing.jsonl"], "no prompt file missing.jsonl"),
        (["--report", "missing/report.json"], "no folder"),
        (["--report", "/dev/null"], "is something else"),
        (["--judge", "kind"], "invalid choice"),
        (["--recipe", "[]"], "invalid"),
    ],
)
def test_it_refuses_a_plan_that_cannot_work(
    arguments: list[str], reason: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("PLUMBLINE_TOKEN", raising=False)
    (tmp_path / "prompts.jsonl").write_text('{"prompt": "a"}\n')
    with pytest.raises(CommandError, match=reason):
        call_command("simulate", "--prompts", str(tmp_path / "prompts.jsonl"), *arguments)
