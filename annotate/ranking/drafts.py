"""Drafts: an answer that is not submitted yet, kept on the server so that another tab or device finds it."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from annotate.accounts.models import User
from annotate.errors import Conflict, Invalid, TooLarge
from annotate.ranking.assignments import find_assignment
from annotate.ranking.models import Assignment, AssignmentState
from annotate.text import unstorable_json

MAX_BYTES = 256 * 1024
MAX_DEPTH = 8
_OPEN = (AssignmentState.LEASED, AssignmentState.EXPIRED)


@dataclass(frozen=True)
class Draft:
    """``content`` is the page's own; ``at`` when the page last wrote it, by its own clock."""

    content: dict[str, Any]
    version: int
    at: datetime


@dataclass(frozen=True)
class Standing:
    """An assignment's draft, None where there is none, and the assignment's state."""

    draft: Draft | None
    state: str


def draft_of(assignment: Assignment) -> Draft | None:
    """The draft of an assignment, if it has one."""
    if assignment.draft is None or assignment.draft_at is None:
        return None
    return Draft(assignment.draft, assignment.draft_version, assignment.draft_at)


def read_draft(*, user: User, uid: uuid.UUID) -> Standing:
    """The draft of one's own assignment. Raises 404 and 403."""
    return _standing(find_assignment(user=user, uid=uid))


def save_draft(
    *, user: User, uid: uuid.UUID, content: dict[str, Any], version: int, at: datetime
) -> tuple[Standing, bool]:
    """Write a draft over the ``version`` that its writer knows (0: none); returns what stands, and whether
    it was written.

    Compare-and-set: of two tabs that know the same version the first one writes; the other gets what the
    first wrote and decides by ``at`` which is to stay. Raises 404, 403, :class:`Invalid` or
    :class:`TooLarge` for what cannot be stored, :class:`Conflict` when the assignment was answered.
    """
    _check(content)
    found = find_assignment(user=user, uid=uid)
    with transaction.atomic():
        # Locked, so that the version that is told is the one that was written, and not the next one's.
        now = Assignment.objects.select_for_update(no_key=True).get(pk=found.pk)
        known = 0 if now.draft is None else now.draft_version
        is_written = version == known and now.state in _OPEN
        if is_written:
            now.draft, now.draft_version, now.draft_at = content, now.draft_version + 1, at
            now.save(update_fields=["draft", "draft_version", "draft_at"])
        elif now.state not in _OPEN:
            raise Conflict("This comparison is answered; it takes no draft any more.")
    return _standing(now), is_written


def drop_draft(*, user: User, uid: uuid.UUID) -> None:
    """Forget the draft of one's own assignment. Raises 404 and 403."""
    Assignment.objects.filter(pk=find_assignment(user=user, uid=uid).pk).update(draft=None)


def _standing(assignment: Assignment) -> Standing:
    return Standing(draft_of(assignment), assignment.state)


def _check(content: dict[str, Any]) -> None:
    if fault := unstorable_json(content, depth=MAX_DEPTH):
        raise Invalid(f"The draft cannot be kept: {fault}.")
    if len(json.dumps(content, ensure_ascii=False).encode()) > MAX_BYTES:
        raise TooLarge(f"The draft is larger than {MAX_BYTES:,} bytes.")
