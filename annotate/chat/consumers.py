"""The websocket of a conversation: first all of it, then the replies as they are written.

``{"kind": "conversation", "conversation"}`` is the whole, whenever something but the words being written has
changed; ``{"kind": "text", "turn", "position", "text", "restart"}`` adds to one reply, or begins it anew. All
that is sent is read from, or continues, what is kept: a page that reconnects misses nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError
from rest_framework.exceptions import NotFound, PermissionDenied

from annotate.accounts.models import User
from annotate.chat.conversations import find_conversation
from annotate.chat.serializers import ConversationSerializer
from annotate.chat.shapes import conversation_shape
from annotate.chat.telling import group_of

PING_SECONDS = 20.0
LOOK_SECONDS = 3.0
"""How often it is read without being told to: what is missed when Redis is away for a while."""
NOT_LOGGED_IN, NOT_ALLOWED, UNKNOWN = 4401, 4403, 4404
UNWRITTEN = ("waiting", "writing")

Shape = dict[str, Any]


class ConversationConsumer(AsyncJsonWebsocketConsumer):
    """``/ws/conversations/UID``, for its annotator alone."""

    pump: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        self.uid: uuid.UUID = self.scope["url_route"]["kwargs"]["uid"]
        self.wake = asyncio.Event()
        # One at a time looks at what the page shows and adds to it.
        self.turn_taking = asyncio.Lock()
        self.shown: Shape | None = None
        self.words: list[str] = []
        await self.accept()
        if await self._read() is None:
            return
        with contextlib.suppress(Exception):
            # Joined before the first look: a piece in between wakes us rather than being missed.
            await self.channel_layer.group_add(group_of(self.uid), self.channel_name)
        self.pump = asyncio.create_task(self._run())

    async def disconnect(self, code: int) -> None:
        if self.pump is not None:
            self.pump.cancel()
            with contextlib.suppress(Exception):
                await self.channel_layer.group_discard(group_of(self.uid), self.channel_name)

    async def receive_json(self, content: Any, **_: Any) -> None:
        """Clients have nothing to say here; they write over the API."""

    async def poke(self, event: dict[str, Any]) -> None:
        """Called over the channel layer when there is something to read."""
        self.wake.set()

    async def pieces(self, event: dict[str, Any]) -> None:
        """Called over the channel layer with words that are just written."""
        async with self.turn_taking:
            last = self.shown["turns"][-1] if self.shown and self.shown["turns"] else None
            known = last and (last["number"], last["attempt"], last["state"])
            if known != (event["turn"], event["attempt"], "writing"):
                self.wake.set()
                return
            for piece in event["pieces"]:
                await self._continue(event["turn"], piece["position"], piece["at"], piece["text"])

    async def _run(self) -> None:
        pinged = time.monotonic()
        while True:
            self.wake.clear()
            async with self.turn_taking:
                shape = await self._read()
                if shape is None:
                    return
                await self._show(shape)
            if time.monotonic() - pinged >= PING_SECONDS:
                pinged = time.monotonic()
                await self.send_json({"kind": "ping"})
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.wake.wait(), LOOK_SECONDS)

    async def _read(self) -> Shape | None:
        """The conversation; None when this person may not see it (any more), who was then told so."""
        while True:
            try:
                shape = await _shape_for(self.scope["user"].pk, self.uid)
            except DatabaseError:
                # It is being restarted.
                await asyncio.sleep(LOOK_SECONDS)
                continue
            if isinstance(shape, int):
                await self.close(code=shape)
                return None
            return shape

    async def _show(self, shape: Shape) -> None:
        words = [reply["text"] for reply in shape["turns"][-1]["replies"]] if shape["turns"] else []
        if self.shown is None or _without_words(shape) != _without_words(self.shown):
            self.shown, self.words = shape, words
            await self.send_json({"kind": "conversation", "conversation": shape})
            return
        number = shape["turns"][-1]["number"] if shape["turns"] else 0
        for position, text in enumerate(words):
            # What is kept may be behind what was sent.
            if not self.words[position].startswith(text):
                at = len(self.words[position]) if text.startswith(self.words[position]) else 0
                await self._continue(number, position, at, text[at:])

    async def _continue(self, turn: int, position: int, at: int, text: str) -> None:
        """Add to one reply; where words are missing in between, they are read from what is kept."""
        have = self.words[position]
        if at > len(have):
            self.wake.set()
            return
        restart = not (have[at:].startswith(text) or text.startswith(have[at:]))
        if restart:
            new = have[:at] + text
            self.words[position] = new
        else:
            new = text[len(have) - at :]
            self.words[position] = have + new
        if new:
            said = {"turn": turn, "position": position, "text": new, "restart": restart}
            await self.send_json({"kind": "text", **said})

    @classmethod
    async def encode_json(cls, content: Any) -> str:
        return DjangoJSONEncoder(separators=(",", ":")).encode(content)


def _without_words(shape: Shape) -> Shape:
    """The shape less what need not be sent anew: words, which come piece by piece, and the draft."""
    *before, last = shape["turns"] or [{"state": "", "replies": []}]
    if last["state"] in UNWRITTEN:
        last = {**last, "replies": len(last["replies"])}
    return {**shape, "draft": "", "turns": [*before, last]}


@database_sync_to_async
def _shape_for(user_id: int | None, uid: uuid.UUID) -> Shape | int:
    """The conversation, or the close code that says why this person does not see it."""
    user = User.objects.filter(pk=user_id, is_active=True).first() if user_id else None
    if user is None:
        return NOT_LOGGED_IN
    try:
        found = find_conversation(user=user, uid=uid)
    except NotFound:
        return UNKNOWN
    except PermissionDenied:
        return NOT_ALLOWED
    return dict(ConversationSerializer(conversation_shape(found)).data)
