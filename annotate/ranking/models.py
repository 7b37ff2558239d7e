"""What people compare and what they said. The database itself refuses over-collection and doubles.

A foreign key that is the first column of a unique constraint has no index of its own: the queue is written
as often as it is read.
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from annotate.prompts.models import Prompt
from annotate.rounds.models import Checkpoint, Round


class Comparison(models.Model):
    """K completions of one prompt, to be ranked by ``overlap`` different annotators.

    ``taken`` counts the slots held by live leases and submitted annotations; ``submitted`` the annotations
    that stand. ``retired_at`` is set when too many people skipped it: it then asks nobody and holds up
    nothing. ``extra`` of the overlap are slots above the round's, where more people are asked (gold).
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="comparisons", db_index=False)
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT)
    position = models.PositiveIntegerField(help_text="Place in the round's queue.")
    overlap = models.PositiveSmallIntegerField()
    extra = models.PositiveSmallIntegerField(default=0, db_default=0)
    taken = models.PositiveSmallIntegerField(default=0)
    submitted = models.PositiveSmallIntegerField(default=0)
    skips = models.PositiveSmallIntegerField(default=0)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["round", "position"], name="comparison_position_once"),
            models.CheckConstraint(condition=Q(taken__lte=F("overlap")), name="never_over_collected"),
            models.CheckConstraint(condition=Q(submitted__lte=F("taken")), name="submitted_are_taken"),
        ]
        indexes: ClassVar = [
            # The queue: what is still open, in order. It stays small as a round fills up.
            models.Index(
                fields=["round", "position"],
                condition=Q(taken__lt=F("overlap"), retired_at=None),
                name="comparison_queue",
            ),
            models.Index(fields=["round"], condition=Q(retired_at__isnull=False), name="comparison_retired"),
            models.Index(fields=["round"], condition=Q(extra__gt=0), name="comparison_extra"),
        ]


class Completion(models.Model):
    """One sampled reply with its provenance. ``index`` is its place among its comparison's K.

    ``token_ids`` are as sampled and never re-tokenised; ``logprobs`` in nats, one a token.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    comparison = models.ForeignKey(
        Comparison, on_delete=models.CASCADE, related_name="completions", db_index=False
    )
    index = models.PositiveSmallIntegerField()
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT)
    text = models.TextField()
    token_ids = ArrayField(models.IntegerField())
    logprobs = ArrayField(models.FloatField())
    temperature = models.FloatField()
    top_p = models.FloatField()
    seed = models.BigIntegerField()
    finish = models.CharField(max_length=8, choices=[("stop", "the model ended it"), ("length", "cut")])
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["comparison", "index"], name="completion_index_once")
        ]


class Participation(models.Model):
    """One person's part in one round. Locking this row puts what they do in the round one after another.

    ``cursor`` is the queue position they were last given, so that finding the next does not pass over what
    they have done; ``submitted`` counts their standing annotations.
    """

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="participations", db_index=False)
    annotator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="participations"
    )
    cursor = models.IntegerField(default=-1)
    submitted = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["round", "annotator"], name="one_part_in_a_round")
        ]


class AssignmentState(models.TextChoices):
    LEASED = "leased", "held by its annotator until the deadline"
    SUBMITTED = "submitted", "annotated"
    SKIPPED = "skipped", "given back on purpose; not offered to this person again"
    EXPIRED = "expired", "the deadline passed; the slot is free again"


class Assignment(models.Model):
    """A comparison leased to one annotator; one row a person and comparison, for ever.

    ``order[p]`` is the index of the completion shown at position p. An expired assignment that its person
    is offered again keeps its order and its draft.

    ``draft`` is what the page keeps of an answer that is not submitted yet, ``draft_at`` when the page last
    wrote it (by its own clock). ``draft_version`` counts the writes and is never set back.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    comparison = models.ForeignKey(
        Comparison, on_delete=models.CASCADE, related_name="assignments", db_index=False
    )
    # No index by annotator alone: a planner without statistics would find "have I had this one?" through
    # all that a person ever did, instead of through the constraint below.
    annotator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="assignments", db_index=False
    )
    state = models.CharField(max_length=10, choices=AssignmentState.choices, default=AssignmentState.LEASED)
    order = ArrayField(models.PositiveSmallIntegerField())
    leased_at = models.DateTimeField()
    deadline = models.DateTimeField()
    skip_reason = models.CharField(max_length=500, blank=True)
    draft = models.JSONField(null=True)
    draft_version = models.PositiveIntegerField(db_default=0)
    draft_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["comparison", "annotator"], name="never_twice_to_one_person")
        ]
        indexes: ClassVar = [
            models.Index(fields=["deadline"], condition=Q(state="leased"), name="assignment_live_leases"),
            models.Index(
                fields=["annotator"], condition=Q(state="leased"), name="assignment_leases_of_person"
            ),
            # For one's history. "Have I had this one?" names no state, so it cannot be planned through this.
            models.Index(
                fields=["annotator", "state"],
                condition=Q(state__in=["submitted", "skipped"]),
                name="assignment_done_by_person",
            ),
        ]


class Annotation(models.Model):
    """What an annotator submitted, in terms of completions (not of the positions they were shown at).

    ``ranking`` lists completion indices best first; ``gaps`` the margin level (0 to 3) between neighbours,
    null for "equal". ``judgements`` has what was said of each completion, by index (the fields of
    ``answers.Judgement`` but the position), or is empty. Undo sets ``withdrawn_at``, and so does amending,
    whose new annotation ``amends`` the old one: nothing is ever deleted. ``client_id`` is made by the client
    before it sends, so that a submit which is repeated counts once.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    assignment = models.ForeignKey(
        Assignment, on_delete=models.PROTECT, related_name="annotations", db_index=False
    )
    client_id = models.UUIDField()
    ranking = ArrayField(models.PositiveSmallIntegerField())
    gaps = ArrayField(models.PositiveSmallIntegerField(null=True))
    all_bad = models.BooleanField(default=False)
    rationale = models.TextField(blank=True)
    judgements = models.JSONField(default=list)
    active_seconds = models.FloatField(default=0.0)
    submitted_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    amends = models.ForeignKey("self", null=True, on_delete=models.PROTECT, db_index=False, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["assignment"], condition=Q(withdrawn_at=None), name="one_standing_annotation"
            ),
            models.UniqueConstraint(fields=["assignment", "client_id"], name="client_id_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["submitted_at"])]
