"""The event log behind the websockets: what a page that reconnects has missed is read from here."""

from __future__ import annotations

from typing import ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


class LiveEvent(models.Model):
    """One event of a topic (``round:12``). ``seq`` grows by one within the topic, in commit order."""

    topic = models.CharField(max_length=64)
    seq = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=32)
    payload = models.JSONField(encoder=DjangoJSONEncoder)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["topic", "seq"], name="event_seq_once")]
