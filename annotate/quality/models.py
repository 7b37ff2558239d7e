"""Gold, and what reviewers write to annotators."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from annotate.ranking.models import Annotation, Comparison


class Gold(models.Model):
    """The ranking that a reviewer holds to be right, in terms of completions (as in an Annotation).

    It is no annotation: it never enters a snapshot. What annotators say of the comparison stays an
    ordinary annotation. ``annotation`` is the one it was taken from, if any; its annotator is not measured
    on it, and neither is the reviewer.
    """

    comparison = models.OneToOneField(Comparison, on_delete=models.CASCADE, related_name="gold")
    ranking = ArrayField(models.PositiveSmallIntegerField())
    gaps = ArrayField(models.PositiveSmallIntegerField(null=True))
    explanation = models.TextField(blank=True)
    annotation = models.ForeignKey(
        Annotation, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    marked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    marked_at = models.DateTimeField(auto_now_add=True)


class Note(models.Model):
    """What a reviewer wrote about an annotation, or its annotator answered.

    ``read_at`` is when the other side read it: the annotator a reviewer's note, any reviewer the
    annotator's answer.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    annotation = models.ForeignKey(Annotation, on_delete=models.PROTECT, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    written_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)
