"""Submitting an annotation and taking it back."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from rest_framework.exceptions import NotFound

from annotate.accounts.models import User
from annotate.campaigns.task import Task
from annotate.errors import Conflict, Invalid
from annotate.ranking.leases import TaskItem, find_assignment, hold_assignment, task_item, with_texts
from annotate.ranking.models import Annotation, Assignment, AssignmentState, Comparison, Participation
from annotate.ranking.progress import Progress, progress_of
from annotate.ranking.queue import lease_deadline
from annotate.rounds.models import RoundState
from annotate.rounds.services import hold_state
from training.contracts import MAX_MARGIN


@dataclass(frozen=True)
class Answer:
    """What an annotator says, in terms of the positions that they saw."""

    ranking: list[int]
    gaps: list[int | None]
    all_bad: bool = False
    rationale: str = ""
    active_seconds: float = 0.0


@dataclass(frozen=True)
class Undone:
    """A withdrawn annotation's task, leased again, and what was said."""

    assignment: TaskItem
    answer: Answer


def submit(
    *, user: User, uid: uuid.UUID, client_id: uuid.UUID, answer: Answer
) -> tuple[Annotation, Progress, bool]:
    """Record an answer; returns the annotation, the round's progress and whether it is new.

    1. The round's state is held, so that ending the collection waits for this answer or refuses it.
    2. The assignment is locked. The same ``client_id`` again returns the annotation it made before.
    3. A lease that has expired counts if its slot can be taken again at this moment.
    4. Annotation, assignment and counters change in one transaction, committed before this returns.

    Raises :class:`Invalid` for an answer that breaks a rule, 403, 404, and :class:`Conflict` when the round
    no longer collects, the comparison was answered otherwise or given back, or the slot is gone.
    """
    found = find_assignment(user=user, uid=uid)
    round = found.comparison.round
    with transaction.atomic():
        state = hold_state(round_id=round.pk)
        assignment = hold_assignment(found)
        annotation = Annotation.objects.filter(assignment=assignment, client_id=client_id).first()
        is_new = annotation is None
        if annotation is None:
            _require_collecting(state)
            _check(answer, assignment.order, Task.parse(round.campaign.task))
            _take_slot(assignment)
            annotation = _record(assignment, client_id, answer)
        elif annotation.withdrawn_at is not None:
            raise Conflict("This annotation was undone; submit it again as a new one.")
    return annotation, progress_of(round=round, user=user), is_new


def undo(*, user: User, uid: uuid.UUID) -> Undone:
    """Withdraw one's newest annotation while its round collects; its comparison is leased again.

    Raises 403 for another's, 404, and :class:`Conflict` when it is not the newest or the round moved on.
    """
    found = Annotation.objects.select_related("assignment").filter(uid=uid).first()
    if found is None:
        raise NotFound("There is no such annotation.")
    mine = find_assignment(user=user, uid=found.assignment.uid)
    round_id = mine.comparison.round_id
    with transaction.atomic():
        _require_collecting(hold_state(round_id=round_id))
        assignment = hold_assignment(mine)
        newest = Annotation.objects.filter(
            assignment__annotator=user, assignment__comparison__round=round_id, withdrawn_at=None
        ).order_by("-submitted_at", "-pk")
        if newest.first() != found:
            raise Conflict("Only your newest annotation can be undone.")
        now = timezone.now()
        Annotation.objects.filter(pk=found.pk).update(withdrawn_at=now)
        assignment.state, assignment.deadline = AssignmentState.LEASED, lease_deadline(now)
        assignment.save(update_fields=["state", "deadline"])
        Comparison.objects.filter(pk=assignment.comparison_id).update(submitted=F("submitted") - 1)
        _count(assignment, -1)
    task = task_item(with_texts(Assignment.objects.filter(pk=assignment.pk)).get())
    shown_at = {index: position for position, index in enumerate(assignment.order)}
    ranking = [shown_at[index] for index in found.ranking]
    return Undone(task, Answer(ranking, found.gaps, found.all_bad, found.rationale, found.active_seconds))


def _require_collecting(state: RoundState) -> None:
    if state != RoundState.COLLECTING:
        raise Conflict("This round no longer collects annotations.")


def _check(answer: Answer, order: list[int], task: Task) -> None:
    k = len(order)
    if sorted(answer.ranking) != list(range(k)):
        raise Invalid(f"ranking must name each of the positions 0 to {k - 1} once.")
    if len(answer.gaps) != k - 1:
        raise Invalid(f"gaps must have {k - 1} entries, one between each two neighbours.")
    if any(gap is not None and not 0 <= gap <= MAX_MARGIN for gap in answer.gaps):
        raise Invalid(f"Each gap must be a whole number from 0 to {MAX_MARGIN}, or null for equal.")
    if answer.all_bad and not task.all_bad:
        raise Invalid("all_bad is switched off in this campaign.")
    if task.rationale == "required" and not answer.rationale.strip():
        raise Invalid("This campaign asks for a rationale.")
    if task.rationale == "off" and answer.rationale:
        raise Invalid("A rationale is switched off in this campaign.")


def _take_slot(assignment: Assignment) -> None:
    """Turn the assignment's slot into a submitted one; the row lock of the update decides a race."""
    comparison = Comparison.objects.filter(pk=assignment.comparison_id)
    if assignment.state == AssignmentState.LEASED:
        # Even past its deadline: nobody has reclaimed it, so the slot is still this person's.
        comparison.update(submitted=F("submitted") + 1)
    elif assignment.state == AssignmentState.EXPIRED:
        free = comparison.filter(taken__lt=F("overlap"), retired_at__isnull=True)
        if not free.update(taken=F("taken") + 1, submitted=F("submitted") + 1):
            raise Conflict("This lease has expired and somebody else has taken the comparison.")
    elif assignment.state == AssignmentState.SUBMITTED:
        raise Conflict("You have ranked this comparison already.")
    else:
        raise Conflict("You have skipped this comparison.")


def _record(assignment: Assignment, client_id: uuid.UUID, answer: Answer) -> Annotation:
    assignment.state = AssignmentState.SUBMITTED
    assignment.save(update_fields=["state"])
    _count(assignment, 1)
    return Annotation.objects.create(
        assignment=assignment,
        client_id=client_id,
        ranking=[assignment.order[position] for position in answer.ranking],
        gaps=answer.gaps,
        all_bad=answer.all_bad,
        rationale=answer.rationale,
        active_seconds=answer.active_seconds,
        submitted_at=timezone.now(),
    )


def _count(assignment: Assignment, change: int) -> None:
    participation = Participation.objects.filter(
        round=assignment.comparison.round_id, annotator=assignment.annotator_id
    )
    participation.update(submitted=F("submitted") + change)
