"""Telling the pages that show a conversation: look again, or here is a piece of a reply.

What counts is in the database. A piece travels ahead of it, so that the words appear as they are written; one
that is lost is read from the table a moment later.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import uuid
from typing import Any

import redis.exceptions
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

log = logging.getLogger(__name__)


def group_of(conversation: uuid.UUID) -> str:
    """The channel layer's group of a conversation."""
    return f"chat.{conversation}"


def tell(conversation: uuid.UUID) -> None:
    """Have the pages look again, once the caller's transaction is committed."""
    transaction.on_commit(lambda: async_to_sync(_send)(conversation, {"type": "poke"}))


class Teller:
    """Sends many messages a second from any thread, over one connection that a thread of its own keeps."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def send(self, conversation: uuid.UUID, message: dict[str, Any]) -> None:
        """Send in the order of the calls; nobody waits for it."""
        asyncio.run_coroutine_threadsafe(_send(conversation, message), self._loop)


async def _send(conversation: uuid.UUID, message: dict[str, Any]) -> None:
    try:
        await get_channel_layer().group_send(group_of(conversation), message)
    except (redis.exceptions.RedisError, OSError) as problem:
        # Without Redis the pages look by themselves every few seconds.
        log.warning("Nobody could be told about conversation %s: %s", conversation, problem)
