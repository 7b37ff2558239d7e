"""The record of the loop: checkpoints, rounds, and every move they made."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from annotate.campaigns.models import Campaign


class RoundState(models.TextChoices):
    """Each state says what it waits for."""

    PLANNED = "planned", "waits for the loop to start sampling"
    SAMPLING = "sampling", "waits for the completions of every chosen prompt"
    COLLECTING = "collecting", "waits for people to rank"
    TRAINING_REWARD = "training_reward", "waits for the reward model"
    TRAINING_POLICY = "training_policy", "waits for the challenger"
    EVALUATING = "evaluating", "waits for challenger and champion to be compared"
    DECIDING = "deciding", "waits for a person to promote or reject the challenger"
    CLOSED = "closed", "waits for nothing: the challenger was promoted or rejected"
    FAILED = "failed", "waits for a person to retry or cancel"
    CANCELLED = "cancelled", "waits for nothing: a person cancelled it"


ENDED = (RoundState.CLOSED, RoundState.CANCELLED)


class CheckpointKind(models.TextChoices):
    POLICY = "policy"
    REWARD = "reward"
    SAFETY = "safety"
    OUTSIDE = "outside"


class Checkpoint(models.Model):
    """A trained model; never changed after it is written (a trigger in the database refuses).

    ``path`` is relative to the artifacts folder, or what ``Campaign.model`` said for the first policy. An
    ``outside`` model is only known by its name on a server, ``URL MODEL``: it writes replies, and is neither
    trained nor promoted.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="checkpoints")
    kind = models.CharField(max_length=8, choices=CheckpointKind.choices)
    name = models.CharField(max_length=120)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    round = models.ForeignKey("Round", null=True, on_delete=models.PROTECT, related_name="checkpoints")
    path = models.CharField(max_length=500)
    digest = models.CharField(max_length=64, blank=True)
    metrics = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["round", "kind"], name="one_checkpoint_a_kind_a_round"),
            models.UniqueConstraint(
                fields=["campaign", "kind"], condition=Q(parent=None, kind="policy"), name="one_first_policy"
            ),
            models.UniqueConstraint(
                fields=["campaign", "path"], condition=Q(kind="outside"), name="one_outside_model_a_name"
            ),
        ]


class Round(models.Model):
    """One turn of the loop. ``state`` is written by ``rounds.transitions.move`` alone."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="rounds")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=16, choices=RoundState.choices, default=RoundState.PLANNED)
    recipe = models.JSONField()
    start_policy = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="started_rounds")
    failed_in = models.CharField(max_length=16, choices=RoundState.choices, blank=True)
    failure = models.TextField(blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(auto_now_add=True)
    entered_at = models.DateTimeField(db_default=Now(), help_text="When the present state was entered.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["campaign", "number"], name="round_number_once"),
            models.UniqueConstraint(
                fields=["campaign"],
                condition=~Q(state__in=[state.value for state in ENDED]),
                name="one_open_round_a_campaign",
            ),
            models.CheckConstraint(condition=Q(state__in=RoundState.values), name="round_state_known"),
        ]


class RoundEvent(models.Model):
    """One move of a round: who or what moved it, from where to where, and why."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="events")
    from_state = models.CharField(max_length=16, choices=RoundState.choices, blank=True)
    to_state = models.CharField(max_length=16, choices=RoundState.choices)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    reason = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True)


class Promotion(models.Model):
    """The champion's history, append only: the newest row of a campaign names its champion."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="promotions")
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT)
    round = models.OneToOneField(Round, null=True, on_delete=models.PROTECT)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    at = models.DateTimeField(auto_now_add=True)
