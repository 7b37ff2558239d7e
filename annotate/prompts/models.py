"""Prompt: a conversation that ends in a user turn, in one split for life."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from annotate.campaigns.models import Campaign


class Split(models.TextChoices):
    TRAIN = "train", "sampled, ranked and trained on"
    HELDOUT = "heldout", "sampled to measure; never trained on"


class Prompt(models.Model):
    """``digest`` is the SHA-256 of the canonical messages: a campaign holds a conversation once.

    ``used`` counts the comparisons made of it, so that rounds go through all prompts before one returns.
    Replies to a ``safety`` prompt are scored by a round's safety model alone.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="prompts")
    messages = models.JSONField()
    digest = models.CharField(max_length=64)
    split = models.CharField(max_length=8, choices=Split.choices)
    safety = models.BooleanField(default=False, db_default=False)
    used = models.PositiveIntegerField(default=0)
    external_id = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["campaign", "digest"], name="prompt_once_a_campaign"),
            models.CheckConstraint(condition=models.Q(split__in=Split.values), name="prompt_split_known"),
        ]
        indexes: ClassVar = [models.Index(fields=["campaign", "split", "id"])]
