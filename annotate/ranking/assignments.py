"""Finding and locking one's own assignment, as everything that is done with one begins."""

from __future__ import annotations

import uuid

from django.db.models import Exists, OuterRef
from rest_framework.exceptions import NotFound, PermissionDenied

from annotate.accounts.models import User
from annotate.campaigns.models import Membership
from annotate.ranking.models import Assignment
from annotate.ranking.queue import hold_participation


def find_assignment(*, user: User, uid: uuid.UUID) -> Assignment:
    """One's own assignment with its round and campaign.

    Raises 404 when there is none, 403 when it is another's or the person is no member any more.
    """
    campaign = OuterRef("comparison__round__campaign")
    found = (
        Assignment.objects.filter(uid=uid)
        .select_related("comparison__round__campaign")
        .annotate(is_member=Exists(Membership.objects.filter(campaign=campaign, user=user)))
        .first()
    )
    if found is None:
        raise NotFound("There is no such assignment.")
    if found.annotator_id != user.pk:
        raise PermissionDenied("This assignment is another annotator's.")
    if not found.is_member:
        raise PermissionDenied(f"You are no longer a member of {found.comparison.round.campaign.name}.")
    return found


def hold_assignment(found: Assignment) -> Assignment:
    """The same assignment as it is now, locked after its person's participation."""
    hold_participation(round_id=found.comparison.round_id, annotator_id=found.annotator_id)
    locked = Assignment.objects.select_for_update().get(pk=found.pk)
    locked.comparison = found.comparison
    return locked
