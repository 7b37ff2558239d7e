"""What an annotator does with comparisons before they answer: lease, extend, skip."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import BigIntegerField
from django.utils import timezone

from annotate.accounts.models import User
from annotate.campaigns.access import campaign_or_404, require_member
from annotate.campaigns.models import Membership
from annotate.campaigns.task import Task
from annotate.errors import Conflict
from annotate.ranking import functions
from annotate.ranking.assignments import find_assignment, hold_assignment
from annotate.ranking.drafts import Draft
from annotate.ranking.models import AssignmentState, Comparison
from annotate.ranking.progress import Progress
from annotate.ranking.queue import hold, reclaim_expired
from training.contracts import Message

MAX_SKIPS = 3
MAX_ID = BigIntegerField.MAX_BIGINT


@dataclass(frozen=True)
class TaskItem:
    """A leased comparison as its annotator sees it: no provenance, completions in this lease's order."""

    uid: uuid.UUID
    deadline: datetime
    prompt: list[Message]
    completions: list[dict[str, object]]
    draft: Draft | None


def lease(*, campaign_id: int, user: User, want: int) -> tuple[list[TaskItem], Progress]:
    """This person's live leases, oldest first, topped up to ``want``; and where the round stands.

    ``sql/5_lease.sql`` says how. When the queue has too little for them, abandoned leases are taken back
    first; otherwise that is left to the loop, which does it every second.

    Raises 404 to people who may not know of the campaign, 403 to those who are not members.
    """
    leased = _lease(campaign_id, user, want) if campaign_id <= MAX_ID else None
    if leased is None:
        require_member(campaign_or_404(campaign_id, user), user)
        # They were made a member at this moment.
        return lease(campaign_id=campaign_id, user=user, want=want)
    tasks, progress = leased
    if len(tasks) < want and progress.reason != "no_open_round" and reclaim_expired(now=timezone.now()):
        return _lease(campaign_id, user, want) or leased
    return leased


def extend(*, user: User, uid: uuid.UUID) -> datetime:
    """Hold a live lease for longer; returns the new deadline. Raises :class:`Conflict` when it has ended."""
    deadline: datetime | None = functions.call("ranking_extend", uid, user.pk, hold())
    if deadline is None:
        find_assignment(user=user, uid=uid)
        raise Conflict("This lease has ended; what you rank is kept if nobody else took the comparison.")
    return deadline


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


def task_of(assignment_id: int) -> TaskItem:
    """What may be seen of an assignment."""
    return _task_item(functions.call_json("ranking_tasks", [assignment_id])[0])


def _lease(campaign_id: int, user: User, want: int) -> tuple[list[TaskItem], Progress] | None:
    found = functions.call_json("ranking_lease", campaign_id, user.pk, want, hold())
    return None if found is None else told_of(found)


def told_of(found: dict[str, Any]) -> tuple[list[TaskItem], Progress]:
    """What ``ranking_lease`` tells."""
    return [_task_item(task) for task in found["tasks"]], Progress(**found["progress"])


def _task_item(task: dict[str, Any]) -> TaskItem:
    draft = task["draft"]
    return TaskItem(
        uid=uuid.UUID(task["uid"]),
        deadline=datetime.fromisoformat(task["deadline"]),
        prompt=task["prompt"],
        completions=task["completions"],
        draft=draft and Draft(draft["content"], draft["version"], datetime.fromisoformat(draft["at"])),
    )
