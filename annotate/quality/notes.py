"""What reviewers write about an annotation, and what its annotator answers."""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, F, Max, Q, QuerySet
from django.utils import timezone
from rest_framework.exceptions import NotFound, PermissionDenied

from annotate.accounts.models import User
from annotate.campaigns.access import require_member
from annotate.campaigns.models import Campaign
from annotate.quality.models import Note
from annotate.ranking.models import Annotation

THREADS_SHOWN = 100
_WHOLE = (
    "assignment__annotator",
    "assignment__comparison__round__campaign",
    "assignment__comparison__prompt",
)


@dataclass(frozen=True)
class Thread:
    """The notes about one annotation, oldest first, as ``reader`` sees them."""

    annotation: Annotation
    notes: list[Note]
    reader: User

    @property
    def unread(self) -> int:
        """How many of the other side's notes this side has not read."""
        return sum(is_unread(note, self.annotation, self.reader) for note in self.notes)


def is_unread(note: Note, annotation: Annotation, reader: User) -> bool:
    """Whether the note is from the other side and nobody of the reader's side has read it."""
    is_from_annotator = note.author_id == annotation.assignment.annotator_id
    reads_as_annotator = reader.pk == annotation.assignment.annotator_id
    return note.read_at is None and is_from_annotator != reads_as_annotator


def write_note(*, user: User, annotation_uid: uuid.UUID, text: str) -> Thread:
    """Write about an annotation, or answer what was written about one's own; returns the whole thread.

    Raises 404, and 403 to anybody but its annotator and those who run rounds. An annotator answers; only a
    reviewer begins.
    """
    annotation = _annotation_for(user, annotation_uid)
    with transaction.atomic():
        # Reviewers and annotator one after another: the thread that comes back is whole.
        Annotation.objects.select_for_update(no_key=True).get(pk=annotation.pk)
        is_own = annotation.assignment.annotator_id == user.pk
        if is_own and not user.runs_rounds and not annotation.notes.exists():
            raise PermissionDenied("Nobody has written about this annotation; a reviewer begins.")
        _mark_read(annotation, user)
        Note.objects.create(annotation=annotation, author=user, text=text)
    return _thread(annotation, user)


def read_thread(*, user: User, annotation_uid: uuid.UUID) -> Thread:
    """The notes about an annotation; nothing is marked as read. Raises 404 and 403."""
    return _thread(_annotation_for(user, annotation_uid), user)


def mark_read(*, user: User, annotation_uid: uuid.UUID) -> Thread:
    """The notes about an annotation, from now on read by this side. Raises 404 and 403."""
    annotation = _annotation_for(user, annotation_uid)
    _mark_read(annotation, user)
    return _thread(annotation, user)


def own_threads(*, campaign: Campaign, user: User) -> list[Thread]:
    """What was written about one's own annotations, the newest first. Raises 403 to non-members."""
    require_member(campaign, user)
    return _threads(_noted(campaign).filter(assignment__annotator=user), user)


def campaign_threads(*, campaign: Campaign, user: User) -> list[Thread]:
    """What was written about the annotations of a campaign, the newest first; for those who run rounds."""
    return _threads(_noted(campaign), user)


def count_unread(*, campaign: Campaign, user: User) -> int:
    """How many notes about one's own annotations one has not read."""
    mine = Note.objects.filter(
        annotation__assignment__annotator=user, annotation__assignment__comparison__round__campaign=campaign
    )
    return mine.filter(read_at=None).exclude(author=user).count()


def _annotation_for(user: User, uid: uuid.UUID) -> Annotation:
    annotation = Annotation.objects.select_related(*_WHOLE).filter(uid=uid).first()
    if annotation is None:
        raise NotFound("There is no such annotation.")
    if annotation.assignment.annotator_id == user.pk:
        require_member(annotation.assignment.comparison.round.campaign, user)
    elif not user.runs_rounds:
        raise PermissionDenied("This annotation is another annotator's.")
    return annotation


def _mark_read(annotation: Annotation, user: User) -> None:
    from_annotator = Q(author=annotation.assignment.annotator_id)
    is_own = annotation.assignment.annotator_id == user.pk
    others = annotation.notes.filter(~from_annotator if is_own else from_annotator, read_at=None)
    others.update(read_at=timezone.now())


def _thread(annotation: Annotation, reader: User) -> Thread:
    notes = annotation.notes.select_related("author").order_by("written_at", "pk")
    return Thread(annotation, list(notes), reader)


def _noted(campaign: Campaign) -> QuerySet[Annotation]:
    noted = Annotation.objects.filter(assignment__comparison__round__campaign=campaign)
    return noted.annotate(said=Count("notes"), last=Max("notes__written_at")).filter(said__gt=0)


def _threads(noted: QuerySet[Annotation], reader: User) -> list[Thread]:
    annotations = list(noted.select_related(*_WHOLE).order_by(F("last").desc(), "-pk")[:THREADS_SHOWN])
    by_annotation: defaultdict[int, list[Note]] = defaultdict(list)
    notes = Note.objects.filter(annotation__in=annotations).select_related("author")
    for note in notes.order_by("written_at", "pk"):
        by_annotation[note.annotation_id].append(note)
    return [Thread(annotation, by_annotation[annotation.pk], reader) for annotation in annotations]
