"""The websocket of a round: first everything after the client's last event, then what happens."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError

from annotate.accounts.models import User
from annotate.live.events import group_name, round_topic
from annotate.live.models import LiveEvent
from annotate.rounds.models import Round

PING_SECONDS = 20.0
LOOK_SECONDS = 3.0
"""How often the table is read without being told to: what is missed when Redis is away for a while."""
BATCH = 500

RELOAD: dict[str, Any] = {"kind": "reload", "payload": {}}
"""To a page that was away for so long that not all it missed is kept: it must read the round anew."""
NOT_LOGGED_IN, NOT_ALLOWED, UNKNOWN_ROUND, BAD_AFTER = 4401, 4403, 4404, 4400


class RoundConsumer(AsyncJsonWebsocketConsumer):
    """``/ws/rounds/ID?after=SEQ``. One task reads the table and sends, so there is no gap and no double."""

    pump: asyncio.Task[None] | None = None
    after: int

    async def connect(self) -> None:
        self.topic = round_topic(self.scope["url_route"]["kwargs"]["round_id"])
        await self.accept()
        after = parse_qs(self.scope["query_string"].decode("ascii", "replace")).get("after", ["0"])[0]
        if not (after.isascii() and after.isdigit() and len(after) < 16):
            await self.close(code=BAD_AFTER)
            return
        self.after = int(after)
        if await self._closed_to_them():
            return
        self.wake = asyncio.Event()
        # Joined before the first look: an event in between wakes us rather than being missed.
        await self._join()
        self.pump = asyncio.create_task(self._run())

    async def disconnect(self, code: int) -> None:
        if self.pump is not None:
            self.pump.cancel()
            with contextlib.suppress(Exception):
                await self.channel_layer.group_discard(group_name(self.topic), self.channel_name)

    async def receive_json(self, content: Any, **_: Any) -> None:
        """Clients have nothing to say here."""

    async def poke(self, event: dict[str, Any]) -> None:
        """Called over the channel layer when there is something new."""
        self.wake.set()

    async def _run(self) -> None:
        pinged = time.monotonic()
        while True:
            self.wake.clear()
            await self._catch_up()
            if time.monotonic() - pinged >= PING_SECONDS:
                pinged = time.monotonic()
                if await self._closed_to_them():
                    return
                await self.send_json({"kind": "ping"})
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.wake.wait(), LOOK_SECONDS)

    async def _catch_up(self) -> None:
        while True:
            try:
                events = await _events_after(self.topic, self.after)
            except DatabaseError:
                # The database is being restarted; the next look reads all the same.
                return
            if events and events[0]["seq"] > self.after + 1:
                # What came between is forgotten (``events.forget_old``).
                await self.send_json({**events[0], "seq": events[0]["seq"] - 1, **RELOAD})
            for event in events:
                await self.send_json(event)
                self.after = event["seq"]
            if len(events) < BATCH:
                return

    async def _join(self) -> None:
        # Without Redis the page is late by LOOK_SECONDS at most.
        with contextlib.suppress(Exception):
            await self.channel_layer.group_add(group_name(self.topic), self.channel_name)

    async def _closed_to_them(self) -> bool:
        """Whether this person may not (or no longer) listen here, and was told so by a close code."""
        try:
            refusal = await _refusal(self.scope["user"].pk, self.scope["url_route"]["kwargs"]["round_id"])
        except DatabaseError:
            return False
        if refusal is not None:
            await self.close(code=refusal)
        return refusal is not None

    @classmethod
    async def encode_json(cls, content: Any) -> str:
        return DjangoJSONEncoder(separators=(",", ":")).encode(content)


@database_sync_to_async
def _refusal(user_id: int | None, round_id: int) -> int | None:
    user = User.objects.filter(pk=user_id, is_active=True).first() if user_id else None
    if user is None:
        return NOT_LOGGED_IN
    if not user.runs_rounds:
        return NOT_ALLOWED
    return None if Round.objects.filter(pk=round_id).exists() else UNKNOWN_ROUND


@database_sync_to_async
def _events_after(topic: str, after: int) -> list[dict[str, Any]]:
    rows = LiveEvent.objects.filter(topic=topic, seq__gt=after).order_by("seq")
    return [{"seq": row.seq, "kind": row.kind, "payload": row.payload, "at": row.at} for row in rows[:BATCH]]
