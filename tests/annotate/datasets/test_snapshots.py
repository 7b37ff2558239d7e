"""freeze_snapshot: what training reads."""

from __future__ import annotations

import hashlib
from pathlib import Path
from uuid import uuid4

import pytest
from pytest_django import Settings

from annotate.accounts.models import User
from annotate.datasets.models import Snapshot
from annotate.datasets.rows import frozen_rows
from annotate.datasets.services import freeze_snapshot
from annotate.ranking.answers import Answer
from annotate.ranking.leases import lease
from annotate.ranking.models import Annotation
from annotate.ranking.submissions import submit, undo
from annotate.rounds.models import Round
from tests.annotate.collecting import collecting_round, members_of
from training.contracts import read_rankings

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _artifacts(settings: Settings, tmp_path: Path) -> None:
    settings.ARTIFACTS_DIR = tmp_path


def rank_all(round: Round, user: User, gaps: list[int | None]) -> list[Annotation]:
    """Rank everything that is offered, in the order in which it is shown."""
    said = []
    while tasks := lease(campaign_id=round.campaign_id, user=user, want=1)[0]:
        answer = Answer(ranking=list(range(len(gaps) + 1)), gaps=gaps)
        uid, _, _ = submit(user=user, uid=tasks[0].uid, client_id=uuid4(), answer=answer)
        said.append(Annotation.objects.get(uid=uid))
    return said


def test_it_freezes_rankings_that_training_can_read(settings: Settings) -> None:
    round = collecting_round(comparisons=5, heldout=2, k=3)
    (user,) = members_of(round)
    rank_all(round, user, [2, None])
    snapshot = freeze_snapshot(round=round)
    path = settings.ARTIFACTS_DIR / snapshot.path
    rows = read_rankings(path)
    assert rows == list(frozen_rows(path))
    assert hashlib.sha256(path.read_bytes()).hexdigest() == snapshot.digest
    # The gap of 2 gives two pairs of level 2 to each of five rankings; the tie gives none.
    assert snapshot.counts == {
        "rankings": 5,
        "pairs": 10,
        "margin_levels": {"0": 0, "1": 0, "2": 10, "3": 0},
        "safety_bins": {"preferred_safe": 0, "both_safe": 0, "both_unsafe": 0, "preferred_unsafe": 0},
        "edits": 0,
        "thumbs": {"up": 0, "down": 0},
        "folds": {"train": 3, "heldout": 2},
        "annotators": 1,
    }


def test_it_writes_the_ranked_order_with_the_sampled_tokens(settings: Settings) -> None:
    round = collecting_round(comparisons=1, k=3)
    (user,) = members_of(round)
    (annotation,) = rank_all(round, user, [1, 3])
    (row,) = read_rankings(settings.ARTIFACTS_DIR / freeze_snapshot(round=round).path)
    assert [each.text for each in row.completions] == [f"reply {index} to 0" for index in annotation.ranking]
    assert [each.token_ids for each in row.completions] == [[5, 6, index] for index in annotation.ranking]
    assert (row.gaps, row.messages) == ([1, 3], [{"role": "user", "content": "Prompt 0"}])
    assert row.round == 1
    assert user.username not in row.annotator


def test_it_holds_out_exactly_the_heldout_prompts(settings: Settings) -> None:
    round = collecting_round(comparisons=6, heldout=3)
    (user,) = members_of(round)
    rank_all(round, user, [0])
    rows = read_rankings(settings.ARTIFACTS_DIR / freeze_snapshot(round=round).path)
    folds = {row.messages[0]["content"]: row.fold for row in rows}
    assert folds == {f"Prompt {n}": "heldout" if n < 3 else "train" for n in range(6)}


def test_it_keeps_the_first_snapshot_of_a_round(settings: Settings) -> None:
    round = collecting_round(comparisons=2)
    (user,) = members_of(round)
    rank_all(round, user, [1])
    first = freeze_snapshot(round=round)
    content = (settings.ARTIFACTS_DIR / first.path).read_bytes()
    Annotation.objects.update(gaps=[3])
    assert freeze_snapshot(round=round) == first
    assert (settings.ARTIFACTS_DIR / first.path).read_bytes() == content
    assert Snapshot.objects.count() == 1


def test_it_leaves_out_what_was_undone(settings: Settings) -> None:
    round = collecting_round(comparisons=2)
    (user,) = members_of(round)
    undo(user=user, uid=rank_all(round, user, [1])[-1].uid)
    assert freeze_snapshot(round=round).counts["rankings"] == 1


def test_it_changes_nothing_when_the_disk_refuses(settings: Settings, tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    settings.ARTIFACTS_DIR = blocked
    round = collecting_round()
    with pytest.raises(OSError, match="blocked"):
        freeze_snapshot(round=round)
    assert not Snapshot.objects.exists()
