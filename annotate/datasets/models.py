"""Snapshot: an immutable, hashed dataset frozen from annotations."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from annotate.rounds.models import Round


class Source(models.TextChoices):
    """Who made the rankings of a snapshot; those of ``training.contracts.SOURCES`` that are frozen."""

    HUMAN = "human", "the round's annotators"
    JUDGE = "judge", "a language model"


class Snapshot(models.Model):
    """What training reads: the rankings of one round by one source, frozen when all were there.

    Exports ship those of people. ``path`` (relative to the artifacts folder) is a JSON-lines file of
    ``training.contracts.RankingRow``; ``digest`` its SHA-256; ``counts`` rankings, pairs, pairs by margin
    level, annotators, folds.
    """

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="snapshots")
    source = models.CharField(max_length=8, choices=Source.choices, default=Source.HUMAN)
    path = models.CharField(max_length=500)
    digest = models.CharField(max_length=64)
    counts = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["round", "source"], name="one_snapshot_a_source_a_round")
        ]
