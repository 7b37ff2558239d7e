"""The export: endpoint, manifest and command."""

from __future__ import annotations

import hashlib
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from annotate.accounts.models import User
from annotate.datasets.services import freeze_snapshot
from annotate.rounds.models import Round
from tests.annotate.collecting import collecting_round, members_of
from tests.annotate.datasets.test_snapshots import rank_all
from tests.annotate.ranking.test_leases import client_of
from training.contracts import pair_margins

pytestmark = [
    pytest.mark.django_db,
    # The test client is synchronous; the server streams.
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators"),
]


@pytest.fixture(autouse=True)
def _artifacts(settings: Settings, tmp_path: Path) -> None:
    settings.ARTIFACTS_DIR = tmp_path / "artifacts"


@pytest.fixture
def round() -> Round:
    round = collecting_round(comparisons=3, heldout=1, k=3)
    rank_all(round, members_of(round)[0], [2, 3])
    return round


def get(round: Round, query: str = "?format=trl", role: str = "researcher", path: str = "export") -> Any:
    user = User.objects.get_or_create(username=f"the-{role}", role=role)[0]
    return client_of(user).get(f"/api/campaigns/{round.campaign_id}/{path}{query}")


def test_it_streams_every_pair_in_trls_format(round: Round) -> None:
    answer = get(round)
    assert answer["Content-Disposition"].startswith("attachment; filename=")
    rows = [json.loads(line) for line in b"".join(answer).splitlines()]
    assert len(rows) == 9
    assert set(rows[0]) == {"prompt", "chosen", "rejected", "margin"}
    assert [message["role"] for message in rows[0]["prompt"]] == ["user"]
    assert [message["role"] for message in rows[0]["chosen"]] == ["assistant"]
    # Gaps 2 and 3: neighbours 2 and 3, ends min(3, 2 + 3) = 3.
    assert pair_margins([2, 3]) == [(0, 1, 2), (0, 2, 3), (1, 2, 3)]
    assert [row["margin"] for row in rows] == [2.0, 3.0, 3.0] * 3


def test_it_describes_the_export_in_a_manifest(round: Round) -> None:
    content = b"".join(get(round))
    manifest = get(round, path="export/manifest").json()
    assert manifest == {
        "campaign": {"id": round.campaign_id, "name": round.campaign.name},
        "format": "trl",
        "rows": 9,
        "pairs": 9,
        "rankings": 3,
        "sha256": hashlib.sha256(content).hexdigest(),
        "margin_levels": {"0": 0, "1": 0, "2": 3, "3": 6},
        "safety_bins": {"preferred_safe": 0, "both_safe": 0, "both_unsafe": 0, "preferred_unsafe": 0},
        "edits": 0,
        "thumbs": {"up": 0, "down": 0},
        "folds": {"train": 2, "heldout": 1},
        "annotators": 1,
        "rounds": [{"number": 1, "snapshot": None, "checkpoint": {"name": "starter", "digest": "d" * 64}}],
    }


def test_it_exports_the_same_bytes_once_the_round_is_frozen(round: Round) -> None:
    before = b"".join(get(round))
    snapshot = freeze_snapshot(round=round)
    assert b"".join(get(round)) == before
    assert get(round, path="export/manifest").json()["rounds"][0]["snapshot"] == snapshot.digest


def test_it_exports_one_round_and_refuses_what_there_is_not(round: Round) -> None:
    assert len(b"".join(get(round, "?format=trl&round=1")).splitlines()) == 9
    assert get(round, "?format=trl&round=2").status_code == 404
    assert get(round, "?format=csv").status_code == 400
    assert get(round, "?round=first").status_code == 400
    assert get(round, role="annotator").status_code == 403
    assert get(round, role="annotator", path="export/manifest").status_code == 403


def test_it_exports_nothing_of_a_campaign_without_rankings() -> None:
    round = collecting_round()
    assert b"".join(get(round)) == b""
    assert get(round, path="export/manifest").json()["rows"] == 0


def test_its_command_writes_the_file_and_the_manifest(round: Round, tmp_path: Path) -> None:
    out = tmp_path / "new" / "pairs.jsonl"
    call_command("export", round.campaign.name, "--out", str(out), "--round", "1", stdout=io.StringIO())
    manifest = json.loads((tmp_path / "new" / "pairs.jsonl.manifest.json").read_text())
    assert manifest["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert manifest["rows"] == len(out.read_bytes().splitlines()) == 9
    assert sorted(path.name for path in out.parent.iterdir()) == ["pairs.jsonl", "pairs.jsonl.manifest.json"]


def test_its_command_says_what_is_wrong(round: Round, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no campaign Nobody"):
        call_command("export", "Nobody", "--out", str(tmp_path / "x"))
    with pytest.raises(CommandError, match="has no round 9"):
        call_command("export", round.campaign.name, "--out", str(tmp_path / "x"), "--round", "9")
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export", round.campaign.name, "--out", str(tmp_path / "file" / "x"))
    for other in (os.devnull, str(tmp_path)):
        with pytest.raises(CommandError, match="is something else"):
            call_command("export", round.campaign.name, "--out", other)
