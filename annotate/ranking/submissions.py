"""Submitting an annotation, amending it and taking it back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from rest_framework.exceptions import NotFound

from annotate.accounts.models import User
from annotate.campaigns.task import Task
from annotate.database.statements import row_of
from annotate.errors import Conflict
from annotate.ranking import functions
from annotate.ranking.answers import Answer, accepted, by_index, by_position, without_idle_edits
from annotate.ranking.assignments import find_assignment, hold_assignment
from annotate.ranking.leases import TaskItem, task_of
from annotate.ranking.models import (
    Annotation,
    Assignment,
    AssignmentState,
    Comparison,
    Completion,
    Participation,
)
from annotate.ranking.progress import Progress, progress_of
from annotate.ranking.queue import lease_deadline
from annotate.rounds.models import RoundState
from annotate.rounds.services import hold_state

_REFUSALS = {
    "not collecting": "This round no longer collects annotations.",
    "submitted": "You have ranked this comparison already.",
    "skipped": "You have skipped this comparison.",
    "taken": "This lease has expired and somebody else has taken the comparison.",
    "undone": "This annotation was undone; submit it again as a new one.",
}


@dataclass(frozen=True)
class Undone:
    """A withdrawn annotation's task, leased again, and what was said."""

    assignment: TaskItem
    answer: Answer


def submit(
    *, user: User, uid: uuid.UUID, client_id: uuid.UUID, answer: Answer
) -> tuple[uuid.UUID, Progress, bool]:
    """Record an answer; returns the annotation's uid, the round's progress and whether it is new.

    ``sql/8_submit.sql`` says how. Raises :class:`Invalid` for an answer that breaks a rule, 403, 404, and
    :class:`Conflict` when the round no longer collects, the comparison was answered otherwise or given back,
    or the slot is gone.
    """
    asked = row_of("SELECT * FROM ranking_asked(%s, %s, %s)", uid, user.pk, client_id)
    if asked is None or asked[0] is None:
        find_assignment(user=user, uid=uid)
        # They were made a member at this moment.
        return submit(user=user, uid=uid, client_id=client_id, answer=answer)
    told = functions.call_json("ranking_submit", *judged(asked, client_id, answer))
    return recorded(told)


def judged(
    asked: Sequence[Any], client_id: uuid.UUID, answer: Answer
) -> tuple[int, int, uuid.UUID, list[int], list[int | None], bool, str, str, float]:
    """The arguments of ``ranking_submit`` for an answer to what ``ranking_asked`` told of; raises
    :class:`Invalid` for one that the campaign does not accept."""
    assignment_id, round_id, order, task, is_repeated = asked
    # What was recorded stands: a repetition is not judged anew.
    answer = Answer([], []) if is_repeated else _accepted(assignment_id, order, _task(task), answer)
    ranking = [order[position] for position in answer.ranking]
    said = orjson.dumps(by_index(answer.completions, order)).decode()
    return (
        *(assignment_id, round_id, client_id, ranking, answer.gaps),
        *(answer.all_bad, answer.rationale, said, answer.active_seconds),
    )


def recorded(told: dict[str, Any]) -> tuple[uuid.UUID, Progress, bool]:
    """The annotation that ``ranking_submit`` tells of, the progress, and whether it is new; raises
    :class:`Conflict` where it refused."""
    if refusal := _REFUSALS.get(told["outcome"]):
        raise Conflict(refusal)
    return uuid.UUID(told["uid"]), Progress(**told["progress"]), told["outcome"] == "recorded"


def amend(
    *, user: User, uid: uuid.UUID, client_id: uuid.UUID, answer: Answer
) -> tuple[uuid.UUID, Progress, bool]:
    """Put another answer in the place of one's own while its round collects; what was said before is kept,
    withdrawn. The active time adds up.

    The same ``client_id`` again returns the annotation that it made. Raises :class:`Invalid`, 403, 404, and
    :class:`Conflict` when the round has moved on or the annotation no longer stands.
    """
    found, mine = _find_annotation(user=user, uid=uid)
    round = mine.comparison.round
    with transaction.atomic():
        state = hold_state(round_id=round.pk)
        assignment = hold_assignment(mine)
        annotation = Annotation.objects.filter(assignment=assignment, client_id=client_id).first()
        is_new = annotation is None
        if annotation is None:
            _require_collecting(state)
            task = Task.parse(mine.comparison.round.campaign.task)
            kept = _accepted(assignment.pk, assignment.order, task, answer)
            _withdraw(found)
            annotation = _replace(assignment, client_id, kept, amends=found)
        elif annotation.amends_id != found.pk:
            raise Conflict("This client_id was used before; send the change with a new one.")
        else:
            _require_not_undone(annotation)
    return annotation.uid, progress_of(round=round, user=user), is_new


def undo(*, user: User, uid: uuid.UUID) -> Undone:
    """Withdraw one's newest annotation while its round collects; its comparison is leased again.

    Raises 403 for another's, 404, and :class:`Conflict` when it is not the newest or the round moved on.
    """
    found, mine = _find_annotation(user=user, uid=uid)
    round_id = mine.comparison.round_id
    with transaction.atomic():
        _require_collecting(hold_state(round_id=round_id))
        assignment = hold_assignment(mine)
        newest = standing(user).filter(assignment__comparison__round=round_id)
        if newest.order_by("-submitted_at", "-pk").first() != found:
            raise Conflict("Only your newest annotation can be undone.")
        _withdraw(found)
        assignment.state, assignment.deadline = AssignmentState.LEASED, lease_deadline(timezone.now())
        assignment.save(update_fields=["state", "deadline"])
        Comparison.objects.filter(pk=assignment.comparison_id).update(submitted=F("submitted") - 1)
        Participation.objects.filter(round=round_id, annotator=user).update(submitted=F("submitted") - 1)
    return Undone(task_of(assignment.pk), answer_of(found, assignment.order))


def standing(user: User) -> QuerySet[Annotation]:
    """One's annotations that stand. That their assignments are submitted leads to the index for it."""
    return Annotation.objects.filter(
        assignment__annotator=user, assignment__state=AssignmentState.SUBMITTED, withdrawn_at=None
    )


def answer_of(annotation: Annotation, order: list[int]) -> Answer:
    """What an annotation says, in terms of the positions of its assignment."""
    shown_at = {index: position for position, index in enumerate(order)}
    return Answer(
        ranking=[shown_at[index] for index in annotation.ranking],
        gaps=annotation.gaps,
        all_bad=annotation.all_bad,
        rationale=annotation.rationale,
        active_seconds=annotation.active_seconds,
        completions=by_position(annotation.judgements, order),
    )


def _find_annotation(*, user: User, uid: uuid.UUID) -> tuple[Annotation, Assignment]:
    found = Annotation.objects.select_related("assignment").filter(uid=uid).first()
    if found is None:
        raise NotFound("There is no such annotation.")
    return found, find_assignment(user=user, uid=found.assignment.uid)


@lru_cache(maxsize=256)
def _task(text: str) -> Task:
    """A campaign's task as it is kept; the same for thousands of answers."""
    return Task.parse(orjson.loads(text))


def _accepted(assignment_id: int, order: list[int], task: Task, answer: Answer) -> Answer:
    """The answer as it is kept; raises :class:`Invalid` for what the campaign does not ask."""
    kept = accepted(answer, len(order), task)
    if any(judgement.edit is not None for judgement in kept.completions):
        completions = Completion.objects.filter(comparison__assignments=assignment_id)
        texts = dict(completions.values_list("index", "text"))
        kept = without_idle_edits(kept, [texts[index] for index in order])
    return kept


def _require_not_undone(annotation: Annotation) -> None:
    """A repetition gets the first answer, also when that was amended since: it was recorded."""
    amended = Annotation.objects.filter(assignment=annotation.assignment_id, amends=annotation)
    if annotation.withdrawn_at is not None and not amended.exists():
        raise Conflict(_REFUSALS["undone"])


def _withdraw(annotation: Annotation) -> None:
    stands = Annotation.objects.filter(pk=annotation.pk, withdrawn_at=None)
    if not stands.update(withdrawn_at=timezone.now()):
        raise Conflict("This annotation no longer stands: it was amended or undone.")


def _require_collecting(state: RoundState) -> None:
    if state != RoundState.COLLECTING:
        raise Conflict(_REFUSALS["not collecting"])


def _replace(assignment: Assignment, client_id: uuid.UUID, answer: Answer, amends: Annotation) -> Annotation:
    return Annotation.objects.create(
        assignment=assignment,
        client_id=client_id,
        ranking=[assignment.order[position] for position in answer.ranking],
        gaps=answer.gaps,
        all_bad=answer.all_bad,
        rationale=answer.rationale,
        judgements=by_index(answer.completions, assignment.order),
        active_seconds=answer.active_seconds + amends.active_seconds,
        submitted_at=timezone.now(),
        amends=amends,
    )
