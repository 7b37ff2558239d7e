"""Conversations that annotators have with the models, turn after turn.

A turn whose replies are written is an ordinary comparison of its round, leased to the person who wrote the
message: what they say of it is an ordinary annotation.
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from annotate.prompts.models import Split
from annotate.ranking.models import Comparison
from annotate.rounds.models import Round


class Conversation(models.Model):
    """One person's conversation in a round; they have one at a time. All its prompts are of one split.

    ``draft`` is the message that they are writing.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="conversations")
    annotator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    split = models.CharField(max_length=8, choices=Split.choices)
    draft = models.TextField(blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["round", "annotator"], condition=Q(ended_at=None), name="one_open_conversation"
            )
        ]


class TurnState(models.TextChoices):
    WAITING = "waiting", "waits for the chat process to take it up"
    WRITING = "writing", "its replies are being written"
    READY = "ready", "its replies are written: a comparison"
    FAILED = "failed", "waits for its author to try again or to take it back"


class Turn(models.Model):
    """What the annotator wrote, and the replies to it; ``number`` counts from 1.

    ``order[p]`` is the index of the reply shown at position p. ``drafts`` are the replies by index as far as
    they are written; once all are, they stand in the comparison's completions instead. ``chosen`` is the
    index of the reply that the conversation went on with.

    While the state is ``writing`` the turn belongs to one ``worker``'s ``attempt``, whose sign of life is
    ``heartbeat_at``; a failure that is ``lasting`` comes again however often one tries.
    """

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="turns", db_index=False
    )
    number = models.PositiveSmallIntegerField()
    text = models.TextField()
    state = models.CharField(max_length=8, choices=TurnState.choices, default=TurnState.WAITING)
    order = ArrayField(models.PositiveSmallIntegerField())
    drafts = models.JSONField(default=list)
    attempt = models.PositiveIntegerField(default=0)
    losses = models.PositiveSmallIntegerField(default=0)
    worker = models.CharField(max_length=120, blank=True)
    heartbeat_at = models.DateTimeField(null=True)
    failure = models.TextField(blank=True)
    lasting = models.BooleanField(default=False)
    comparison = models.OneToOneField(Comparison, null=True, on_delete=models.PROTECT, related_name="turn")
    chosen = models.PositiveSmallIntegerField(null=True)
    written_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["conversation", "number"], name="turn_number_once"),
            models.CheckConstraint(
                condition=Q(state="ready", comparison__isnull=False)
                | (~Q(state="ready") & Q(comparison__isnull=True)),
                name="ready_is_a_comparison",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=Q(state__in=["waiting", "writing"]), name="turn_unwritten")
        ]
