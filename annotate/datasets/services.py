"""Freezing what was said of a round's replies into an immutable file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from annotate.datasets.files import write_lines
from annotate.datasets.models import Snapshot, Source
from annotate.datasets.rows import as_line, frozen_rows, standing_rows
from annotate.rounds.models import Round
from training.contracts import MAX_MARGIN, SAFETY_BINS, RankingRow, pair_margins, safety_bins


def freeze_snapshot(*, round: Round) -> Snapshot:
    """Freeze the annotations of a round that stand now; a round that has a snapshot keeps it.

    Raises :class:`OSError` when it cannot be written; then nothing has changed.
    """
    return _freeze(round, Source.HUMAN, lambda: standing_rows(round))


def freeze_judged(*, round: Round, rankings: Path) -> Snapshot:
    """Freeze what a language model said of a round's replies, as a snapshot beside that of people."""
    return _freeze(round, Source.JUDGE, lambda: frozen_rows(rankings))


def _freeze(round: Round, source: Source, rows: Callable[[], Iterator[RankingRow]]) -> Snapshot:
    """The file's name holds its hash, so that no file is ever written over by another content."""
    prefix = "rankings" if source == Source.HUMAN else f"rankings-{source}"
    with transaction.atomic():
        Round.objects.select_for_update(no_key=True).get(pk=round.pk)
        existing = Snapshot.objects.filter(round=round, source=source).first()
        if existing is not None:
            return existing
        tally = Tally()
        path, digest = write_lines(
            (as_line(row) for row in tally.watch(rows())),
            folder=settings.ARTIFACTS_DIR / f"campaign-{round.campaign_id}" / f"round-{round.number}",
            name=lambda digest: f"{prefix}-{digest[:16]}.jsonl",
        )
        return Snapshot.objects.create(
            round=round,
            source=source,
            path=str(path.relative_to(settings.ARTIFACTS_DIR)),
            digest=digest,
            counts=tally.counts(),
        )


class Tally:
    """Counts rankings, the pairs they state and what was said of completions, as they pass by."""

    def __init__(self) -> None:
        self.rankings = 0
        self.folds: Counter[str] = Counter()
        self.levels: Counter[int] = Counter()
        self.safety: Counter[str] = Counter()
        self.edits = 0
        self.thumbs: Counter[str] = Counter()
        self._annotators: set[str] = set()

    def watch(self, rows: Iterator[RankingRow]) -> Iterator[RankingRow]:
        """The same rows, counted."""
        for row in rows:
            self.rankings += 1
            self.folds[row.fold] += 1
            self.levels.update(level for _, _, level in pair_margins(row.gaps))
            self.safety.update(safety_bins(row))
            self.edits += sum(completion.edit is not None for completion in row.completions)
            self.thumbs.update(completion.thumb for completion in row.completions if completion.thumb)
            self._annotators.add(row.annotator)
            yield row

    def counts(self) -> dict[str, Any]:
        """Rankings, pairs by margin level and by safety bin, edits, thumbs, rankings by fold, annotators."""
        return {
            "rankings": self.rankings,
            "pairs": self.levels.total(),
            "margin_levels": {str(level): self.levels[level] for level in range(MAX_MARGIN + 1)},
            "safety_bins": {name: self.safety[name] for name in SAFETY_BINS},
            "edits": self.edits,
            "thumbs": {thumb: self.thumbs[thumb] for thumb in ("up", "down")},
            "folds": {fold: self.folds[fold] for fold in ("train", "heldout")},
            "annotators": len(self._annotators),
        }
