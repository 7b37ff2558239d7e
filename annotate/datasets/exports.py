"""Exporting what a campaign's people said: a stream of lines, and a manifest that says what was in it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef
from rest_framework.exceptions import NotFound

from annotate.campaigns.models import Campaign
from annotate.datasets.formats import kto, sft, trl
from annotate.datasets.models import Snapshot, Source
from annotate.datasets.rows import as_line, frozen_rows, standing_rows
from annotate.datasets.services import Tally
from annotate.ranking.models import Comparison
from annotate.rounds.models import Round
from training.contracts import RankingRow

_HAS_COMPARISONS = Exists(Comparison.objects.filter(round=OuterRef("pk")))
FORMATS: dict[str, Callable[[RankingRow], Iterator[dict[str, Any]]]] = {
    "trl": trl.pairs,
    "sft": sft.demonstrations,
    "kto": kto.labelled,
}


class Export:
    """The rounds of a campaign (or one of them) in a format.

    A round that was frozen gives its snapshot, any other what stands now. The manifest is complete once
    :meth:`lines` has run to its end.
    """

    def __init__(self, campaign: Campaign, *, format: str, round_number: int | None = None) -> None:
        rounds = campaign.rounds.filter(_HAS_COMPARISONS).select_related("start_policy")
        if round_number is not None:
            rounds = rounds.filter(number=round_number)
        self._rounds = list(rounds.order_by("number"))
        if round_number is not None and not self._rounds:
            raise NotFound(f"{campaign.name} has no round {round_number} with comparisons.")
        snapshots = Snapshot.objects.filter(round__in=self._rounds, source=Source.HUMAN)
        self._snapshots = {snapshot.round_id: snapshot for snapshot in snapshots}
        self._campaign = campaign
        self._format = format
        self._tally = Tally()
        self._digest = hashlib.sha256()
        self._rows = 0

    @property
    def file_name(self) -> str:
        """What a download is called."""
        rounds = f"round-{self._rounds[0].number}" if len(self._rounds) == 1 else "all-rounds"
        return f"campaign-{self._campaign.pk}-{rounds}-{self._format}.jsonl"

    def lines(self) -> Iterator[bytes]:
        """The JSON lines, counted and hashed on the way."""
        for round in self._rounds:
            for ranking in self._tally.watch(self._rankings(round)):
                for row in FORMATS[self._format](ranking):
                    line = as_line(row)
                    self._rows += 1
                    self._digest.update(line)
                    yield line

    def manifest(self) -> dict[str, Any]:
        """What :meth:`lines` gave: counts, hash, and where each round's completions came from."""
        return {
            "campaign": {"id": self._campaign.pk, "name": self._campaign.name},
            "format": self._format,
            "rows": self._rows,
            "sha256": self._digest.hexdigest(),
            **self._tally.counts(),
            "rounds": [self._source(round) for round in self._rounds],
        }

    def _rankings(self, round: Round) -> Iterator[RankingRow]:
        snapshot = self._snapshots.get(round.pk)
        if snapshot is None:
            return standing_rows(round)
        return frozen_rows(Path(settings.ARTIFACTS_DIR) / snapshot.path)

    def _source(self, round: Round) -> dict[str, Any]:
        snapshot = self._snapshots.get(round.pk)
        checkpoint = round.start_policy
        return {
            "number": round.number,
            "snapshot": snapshot.digest if snapshot else None,
            "checkpoint": {"name": checkpoint.name, "digest": checkpoint.digest},
        }
