"""What was said of each completion, in snapshots and in the exports made of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pytest_django import Settings

from annotate.campaigns.services import update_campaign
from annotate.datasets.exports import Export
from annotate.datasets.rows import frozen_rows
from annotate.datasets.services import freeze_snapshot
from annotate.ranking.answers import Answer, Judgement
from annotate.ranking.leases import lease
from annotate.ranking.models import Assignment
from annotate.ranking.submissions import submit
from annotate.rounds.models import Round
from tests.annotate.collecting import collecting_round, members_of
from training.contracts import RankedCompletion, read_rankings

pytestmark = pytest.mark.django_db
HELPFUL = {"name": "helpful", "label": "Helpfulness", "kind": "likert"}
PROMPT = [{"role": "user", "content": "Prompt 0"}]


@pytest.fixture(autouse=True)
def _artifacts(settings: Settings, tmp_path: Path) -> None:
    settings.ARTIFACTS_DIR = tmp_path


def judged_round() -> Round:
    """One comparison, shown as completions 2, 0, 1 and ranked 0, 2, 1 with something said of two."""
    round = collecting_round(comparisons=1, k=3)
    asked = {"safety": "on", "thumbs": "beside", "flag": True, "edit": True, "attributes": [HELPFUL]}
    update_campaign(campaign=round.campaign, task=asked)
    (user,) = members_of(round)
    (task,), _ = lease(campaign_id=round.campaign_id, user=user, want=1)
    Assignment.objects.update(order=[2, 0, 1])
    flags = [{"reason": "personal data", "note": "A number."}]
    said = [
        Judgement(0, safe=False, thumb="down", flags=flags),
        Judgement(1, safe=True, thumb="up", attributes={"helpful": 4}, edit="A kinder reply."),
    ]
    answer = Answer(ranking=[1, 0, 2], gaps=[2, 1], completions=said)
    submit(user=user, uid=task.uid, client_id=uuid4(), answer=answer)
    return round


@pytest.fixture
def round() -> Round:
    return judged_round()


def exported(round: Round, format: str) -> list[Any]:
    return [json.loads(line) for line in Export(round.campaign, format=format).lines()]


def test_a_snapshot_has_what_was_said_of_each(round: Round, settings: Settings) -> None:
    snapshot = freeze_snapshot(round=round)
    (row,) = read_rankings(settings.ARTIFACTS_DIR / snapshot.path)
    best, second, worst = row.completions
    assert (best.safe, best.thumb, best.edit) == (True, "up", "A kinder reply.")
    assert (best.attributes, best.flags) == ({"helpful": 4}, [])
    # The reason of a flag, and not its note.
    assert (second.safe, second.thumb, second.flags, second.edit) == (False, "down", ["personal data"], None)
    assert (worst.safe, worst.thumb, worst.flags, worst.attributes) == (None, None, [], {})
    assert "A number." not in (settings.ARTIFACTS_DIR / snapshot.path).read_text()
    # Of the three pairs only that of best and second has safety on both sides.
    assert snapshot.counts["safety_bins"] == {
        "preferred_safe": 1, "both_safe": 0, "both_unsafe": 0, "preferred_unsafe": 0,
    }  # fmt: skip
    assert (snapshot.counts["edits"], snapshot.counts["thumbs"]) == (1, {"up": 1, "down": 1})


def test_edits_are_exported_as_demonstrations(round: Round) -> None:
    assert exported(round, "sft") == [
        {"messages": [*PROMPT, {"role": "assistant", "content": "A kinder reply."}]}
    ]


def test_thumbs_are_exported_as_labels(round: Round) -> None:
    def row(index: int, label: bool) -> dict[str, Any]:
        reply = [{"role": "assistant", "content": f"reply {index} to 0"}]
        return {"prompt": PROMPT, "completion": reply, "label": label}

    assert exported(round, "kto") == [row(0, True), row(2, False)]


def test_an_export_is_the_same_once_the_round_is_frozen(round: Round) -> None:
    before = [exported(round, format) for format in ("trl", "sft", "kto")]
    freeze_snapshot(round=round)
    assert [exported(round, format) for format in ("trl", "sft", "kto")] == before


def test_a_snapshot_of_an_earlier_version_is_still_read(tmp_path: Path) -> None:
    old = {
        "prompt_id": "1", "messages": PROMPT, "gaps": [1], "fold": "train", "round": 1, "annotator": "a",
        "weight": 1.0, "all_bad": False, "source": "human",
        "completions": [
            {"text": text, "token_ids": [1], "finish": "stop", "completion_id": text} for text in "ab"
        ],
    }  # fmt: skip
    path = tmp_path / "rankings.jsonl"
    path.write_text(json.dumps(old) + "\n")
    (row,) = frozen_rows(path)
    assert row.completions[0] == RankedCompletion("a", [1], "stop", "a")
    assert read_rankings(path) == [row]
