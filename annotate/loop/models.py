"""TrainingRun: one execution of one stage, supervised from outside its process."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from annotate.rounds.models import Round


class RunState(models.TextChoices):
    QUEUED = "queued", "waits for a worker"
    RUNNING = "running", "a worker supervises its process"
    SUCCEEDED = "succeeded", "its result was recorded"
    FAILED = "failed", "it ended with an error"
    CANCELLED = "cancelled", "its round was cancelled"


LIVE = (RunState.QUEUED, RunState.RUNNING)


class TrainingRun(models.Model):
    """``attempt`` counts the times a worker took it up; ``worker`` names the one that holds it.

    A run whose ``heartbeat_at`` is old lost its worker: it is queued again and resumes from the stage's
    own last checkpoint in ``work``. ``losses`` counts how often that happened. ``progress`` is the newest
    progress line.
    """

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="runs")
    stage = models.CharField(max_length=16)
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.QUEUED)
    attempt = models.PositiveIntegerField(default=0)
    losses = models.PositiveIntegerField(default=0)
    worker = models.CharField(max_length=200, blank=True)
    job = models.JSONField()
    result = models.JSONField(null=True)
    error = models.TextField(blank=True)
    progress = models.JSONField(default=dict)
    heartbeat_at = models.DateTimeField(null=True)
    # By the database's clock, like Round.entered_at, with which it is compared.
    queued_at = models.DateTimeField(db_default=Now())
    dispatched_at = models.DateTimeField(null=True, help_text="When a worker was last told of it.")
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["round", "stage"],
                condition=Q(state__in=["queued", "running", "succeeded"]),
                name="one_living_run_a_stage",
            )
        ]


class RunMetric(models.Model):
    """The numbers of one step of a run: loss, accuracy, kl ... in their natural units."""

    run = models.ForeignKey(TrainingRun, on_delete=models.CASCADE, related_name="metrics")
    step = models.PositiveIntegerField()
    values = models.JSONField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["run", "step"], name="metric_step_once")]
