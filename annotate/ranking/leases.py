"""What an annotator does with comparisons before they answer: lease, extend, skip."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import F, OuterRef, QuerySet
from django.utils import timezone

from annotate.accounts.models import User
from annotate.campaigns.access import require_member
from annotate.campaigns.models import Campaign, CampaignKind, Membership
from annotate.campaigns.task import Task
from annotate.errors import Conflict
from annotate.ranking.assignments import find_assignment, hold_assignment
from annotate.ranking.drafts import Draft, draft_of
from annotate.ranking.models import Assignment, AssignmentState, Comparison, Completion
from annotate.ranking.progress import Progress, open_round, progress_of
from annotate.ranking.queue import claim, hold_participation, lease_deadline, reclaim_expired
from annotate.rounds.models import RoundState
from training.contracts import Message

MAX_SKIPS = 3


@dataclass(frozen=True)
class TaskItem:
    """A leased comparison as its annotator sees it: no provenance, completions in this lease's order."""

    uid: uuid.UUID
    deadline: datetime
    prompt: list[Message]
    completions: list[dict[str, object]]
    draft: Draft | None


def lease(*, campaign: Campaign, user: User, want: int) -> tuple[list[TaskItem], Progress]:
    """This person's live leases, oldest first, topped up to ``want``; and where the round stands.

    1. Abandoned leases are taken back.
    2. The person's participation is locked: two of their tabs get the same leases.
    3. What they hold comes first; the rest is claimed from the queue.

    Raises 403 to people who are not members.
    """
    require_member(campaign, user)
    round = open_round(campaign)
    if round is None or round.state != RoundState.COLLECTING or campaign.kind == CampaignKind.CHAT:
        # What was written in a chat is ranked by who wrote it and nobody else.
        return [], progress_of(round=round, user=user)
    now = timezone.now()
    reclaim_expired(now=now)
    with transaction.atomic():
        participation = hold_participation(round_id=round.pk, annotator_id=user.pk)
        held = list(_live(round.pk, user, now))
        if len(held) < want:
            claim(participation=participation, slots=want - len(held), now=now)
            held = list(_live(round.pk, user, now))
    return [task_item(assignment) for assignment in held[:want]], progress_of(round=round, user=user)


def extend(*, user: User, uid: uuid.UUID) -> datetime:
    """Hold a live lease for longer; returns the new deadline. Raises :class:`Conflict` when it has ended."""
    now = timezone.now()
    found = find_assignment(user=user, uid=uid)
    with transaction.atomic():
        assignment = hold_assignment(found)
        if assignment.state != AssignmentState.LEASED or assignment.deadline <= now:
            raise Conflict("This lease has ended; what you rank is kept if nobody else took the comparison.")
        assignment.deadline = lease_deadline(now)
        assignment.save(update_fields=["deadline"])
    return assignment.deadline


def skip(*, user: User, uid: uuid.UUID, reason: str = "") -> None:
    """Give a comparison back for good; it is not offered to this person again.

    After ``MAX_SKIPS`` skips, or when too few members are left to fill it, the comparison retires.
    Skipping again changes nothing. Raises :class:`Conflict` when it was ranked or skipping is off.
    """
    found = find_assignment(user=user, uid=uid)
    campaign = found.comparison.round.campaign
    with transaction.atomic():
        assignment = hold_assignment(found)
        if assignment.state == AssignmentState.SKIPPED:
            return
        if not Task.parse(campaign.task).skip:
            raise Conflict("Skipping is switched off in this campaign.")
        if assignment.state == AssignmentState.SUBMITTED:
            raise Conflict("You have ranked this comparison; undo that first.")
        held = assignment.state == AssignmentState.LEASED
        assignment.state, assignment.skip_reason, assignment.draft = AssignmentState.SKIPPED, reason, None
        assignment.save(update_fields=["state", "skip_reason", "draft"])
        comparison = Comparison.objects.select_for_update().get(pk=assignment.comparison_id)
        comparison.taken -= int(held)
        comparison.skips += 1
        members = Membership.objects.filter(campaign=campaign).count()
        if comparison.skips >= MAX_SKIPS or members - comparison.skips < min(comparison.overlap, members):
            comparison.retired_at = comparison.retired_at or timezone.now()
        comparison.save(update_fields=["taken", "skips", "retired_at"])


def task_item(assignment: Assignment) -> TaskItem:
    """What may be seen of an assignment that :func:`with_texts` loaded."""
    texts: list[str] = assignment.texts  # type: ignore[attr-defined]  # annotated by with_texts
    shown = [{"position": place, "text": texts[index]} for place, index in enumerate(assignment.order)]
    prompt = assignment.comparison.prompt.messages
    return TaskItem(assignment.uid, assignment.deadline, prompt, shown, draft_of(assignment))


def with_texts(assignments: QuerySet[Assignment]) -> QuerySet[Assignment]:
    """The same assignments with all that a task shows, in one query."""
    texts = Completion.objects.filter(comparison=OuterRef("comparison")).order_by("index").values("text")
    return assignments.select_related("comparison__prompt").annotate(texts=ArraySubquery(texts))


def _live(round_id: int, user: User, now: datetime) -> QuerySet[Assignment]:
    mine = Assignment.objects.filter(
        annotator=user, comparison__round=round_id, state=AssignmentState.LEASED, deadline__gt=now
    )
    return with_texts(mine).order_by(F("leased_at"), F("comparison__position"))
