"""Snapshot: an immutable, hashed dataset frozen from annotations."""

from __future__ import annotations

from django.db import models

from annotate.rounds.models import Round


class Snapshot(models.Model):
    """What training reads and exports ship: the rankings of one round, frozen when collecting ended.

    ``path`` (relative to the artifacts folder) is a JSON-lines file of ``training.contracts.RankingRow``;
    ``digest`` its SHA-256; ``counts`` rankings, pairs, pairs by margin level, annotators, folds.
    """

    round = models.OneToOneField(Round, on_delete=models.PROTECT, related_name="snapshot")
    path = models.CharField(max_length=500)
    digest = models.CharField(max_length=64)
    counts = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)
