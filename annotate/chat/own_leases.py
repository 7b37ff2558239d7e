"""Leases of what was made for one person: the comparisons of a chat are ranked by who wrote to it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from annotate.ranking.models import Assignment, AssignmentState, Comparison
from annotate.ranking.queue import hold_participation, lease_deadline


def take_up_own(*, round_id: int, annotator_id: int, now: datetime) -> None:
    """Lease again what ran out: nobody else may have taken it."""
    with transaction.atomic():
        hold_participation(round_id=round_id, annotator_id=annotator_id)
        expired = Assignment.objects.select_for_update().filter(
            comparison__round=round_id, annotator=annotator_id, state=AssignmentState.EXPIRED
        )
        for assignment in expired:
            free = Comparison.objects.filter(
                pk=assignment.comparison_id, taken__lt=F("overlap"), retired_at=None
            )
            if free.update(taken=F("taken") + 1):
                assignment.state, assignment.deadline = AssignmentState.LEASED, lease_deadline(now)
                assignment.save(update_fields=["state", "deadline"])


def give_up_own(*, comparison_id: int) -> None:
    """Give a comparison up for good that its author leaves unranked: it asks nobody else."""
    unranked = (AssignmentState.LEASED, AssignmentState.EXPIRED)
    assignment = (
        Assignment.objects.select_for_update().filter(comparison=comparison_id, state__in=unranked).first()
    )
    if assignment is None:
        return
    held = int(assignment.state == AssignmentState.LEASED)
    assignment.state, assignment.draft = AssignmentState.SKIPPED, None
    assignment.save(update_fields=["state", "draft"])
    Comparison.objects.filter(pk=comparison_id).update(
        taken=F("taken") - held, skips=F("skips") + 1, retired_at=timezone.now()
    )
