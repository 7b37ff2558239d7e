"""Publishing: what happens to a topic becomes a row in the same transaction, then a poke over Redis.

The row is the event; the poke only says "look". A page therefore misses nothing when Redis loses a message,
and never hears of something that was rolled back.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import redis.exceptions
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, Max, OuterRef
from django.db.models.functions import Now

from annotate.live.models import LiveEvent

log = logging.getLogger(__name__)


def round_topic(round_id: int) -> str:
    """The topic of everything that happens to one round."""
    return f"round:{round_id}"


def group_name(topic: str) -> str:
    """The channel layer's group of a topic; a group name may not hold a colon."""
    return topic.replace(":", ".")


def publish(*, topic: str, kind: str, payload: dict[str, Any]) -> LiveEvent:
    """Append an event to ``topic`` in the caller's transaction.

    1. Take the topic's advisory lock, which is held until the transaction ends: so the order of ``seq`` is
       the order of commits, and a reader that has seen ``seq`` n never finds a smaller one later.
    2. Number the event one above the newest.
    3. After the commit, poke whoever listens.

    Call it last in a transaction: whoever publishes to the same topic waits for the commit.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [topic])
        event = LiveEvent.objects.create(topic=topic, seq=last_seq(topic) + 1, kind=kind, payload=payload)
        transaction.on_commit(lambda: _poke(topic))
    return event


def forget_old() -> int:
    """Drop events older than ``LIVE_EVENT_DAYS``; returns how many.

    The newest of each topic stays, whatever its age: the next one is numbered after it. A page that was away
    for longer is told to load anew (see ``consumers``).
    """
    newer = LiveEvent.objects.filter(topic=OuterRef("topic"), seq__gt=OuterRef("seq"))
    old = LiveEvent.objects.filter(at__lt=Now() - timedelta(days=settings.LIVE_EVENT_DAYS))
    forgotten, _ = old.filter(Exists(newer)).delete()
    return forgotten


def last_seq(topic: str) -> int:
    """The newest event's number, 0 when there is none."""
    return LiveEvent.objects.filter(topic=topic).aggregate(newest=Max("seq"))["newest"] or 0


def last_payload(topic: str, kind: str) -> dict[str, Any] | None:
    """What was said last of one kind; None when nothing was."""
    event = LiveEvent.objects.filter(topic=topic, kind=kind).order_by("-seq").first()
    return event.payload if event else None


def _poke(topic: str) -> None:
    try:
        async_to_sync(get_channel_layer().group_send)(group_name(topic), {"type": "poke"})
    except (redis.exceptions.RedisError, OSError) as problem:
        # Listeners also look by themselves every few seconds.
        log.warning("Nobody could be told about %s: %s", topic, problem)
