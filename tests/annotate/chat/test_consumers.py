"""The websocket of a conversation, through the whole ASGI application with a real Redis."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.db import connection

from annotate.accounts.models import User
from annotate.chat import consumers
from annotate.chat.models import Conversation
from annotate.chat.telling import group_of
from annotate.chat.writing import Claim, claim_next, store_drafts
from tests.annotate.chat.talking import begin, chat_round, say
from tests.annotate.collecting import annotator, members_of
from tests.annotate.live.test_consumers import Socket, close_code, connect

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


def aside(function: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """The same for a thread of the event loop, which gives its connection back."""

    @sync_to_async
    def call(*arguments: Any, **named: Any) -> Any:
        try:
            return function(*arguments, **named)
        finally:
            connection.close()

    return call


def _being_written() -> tuple[Conversation, Claim]:
    conversation = begin(chat_round())
    say(conversation, "one")
    claim = claim_next(worker="test")
    assert claim is not None
    assert store_drafts(claim, ["Dear", "Hi"])
    return conversation, claim


async def being_written() -> tuple[Conversation, Claim, list[int]]:
    """A conversation whose first turn is being answered, and the position of each reply."""
    conversation, claim = await aside(_being_written)()
    order = (await aside(lambda: conversation.turns.get())()).order
    return conversation, claim, [order.index(0), order.index(1)]


async def open_page(conversation: Conversation, user: User | None = None) -> tuple[Socket, dict[str, Any]]:
    socket, _ = await connect(f"/ws/conversations/{conversation.uid}", user or conversation.annotator)
    message = await socket.message()
    assert message["kind"] == "conversation"
    return socket, message["conversation"]


async def send_piece(conversation: Conversation, position: int, at: int, text: str, attempt: int = 1) -> None:
    piece = {"position": position, "at": at, "text": text}
    message = {"type": "pieces", "turn": 1, "attempt": attempt, "pieces": [piece]}
    await get_channel_layer().group_send(group_of(conversation.uid), message)


async def test_it_sends_all_of_it_and_then_each_piece() -> None:
    conversation, _, position = await being_written()
    socket, shape = await open_page(conversation)
    assert shape["next"] == "wait"
    texts = {reply["position"]: reply["text"] for reply in shape["turns"][0]["replies"]}
    assert texts == {position[0]: "Dear", position[1]: "Hi"}
    await send_piece(conversation, position[0], 4, " Nora")
    assert await socket.message() == {
        "kind": "text", "turn": 1, "position": position[0], "text": " Nora", "restart": False,
    }  # fmt: skip
    await socket.disconnect()


async def test_a_piece_that_is_known_already_is_not_sent_again() -> None:
    conversation, _, position = await being_written()
    socket, _ = await open_page(conversation)
    await send_piece(conversation, position[0], 2, "ar")
    await send_piece(conversation, position[0], 2, "ar Nora")
    assert (await socket.message())["text"] == " Nora"
    await socket.disconnect()


async def test_words_that_were_missed_are_read_from_what_is_kept() -> None:
    conversation, claim, position = await being_written()
    socket, _ = await open_page(conversation)
    # The piece with " Nora" never came.
    await send_piece(conversation, position[0], 9, ", thank you")
    assert await socket.receive_nothing(0.2)
    assert await aside(store_drafts)(claim, ["Dear Nora, thank you", "Hi"])
    await get_channel_layer().group_send(group_of(conversation.uid), {"type": "poke"})
    assert (await socket.message())["text"] == " Nora, thank you"
    await socket.disconnect()


async def test_it_looks_by_itself_when_nobody_tells_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "LOOK_SECONDS", 0.05)
    conversation, claim, _ = await being_written()
    socket, _ = await open_page(conversation)
    assert await aside(store_drafts)(claim, ["Dear Nora", "Hi"])
    assert (await socket.message())["text"] == " Nora"
    await socket.disconnect()


async def test_a_reply_that_is_begun_anew_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "LOOK_SECONDS", 0.05)
    conversation, claim, _ = await being_written()
    socket, _ = await open_page(conversation)
    assert await aside(store_drafts)(claim, ["Good day", "Hi"])
    message = await socket.message()
    assert (message["text"], message["restart"]) == ("Good day", True)
    await socket.disconnect()


async def test_a_piece_of_an_attempt_that_is_over_is_not_shown() -> None:
    conversation, _, position = await being_written()
    socket, _ = await open_page(conversation)
    await send_piece(conversation, position[0], 4, " Ghost", attempt=7)
    assert await socket.receive_nothing(0.2)
    await socket.disconnect()


async def test_it_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(consumers, "PING_SECONDS", 0.0)
    conversation, *_ = await being_written()
    socket, _ = await open_page(conversation)
    assert await socket.message() == {"kind": "ping"}
    await socket.disconnect()


async def test_it_refuses_a_stranger_and_another_annotator() -> None:
    round = await aside(chat_round)(members=2)
    conversation = await aside(begin)(round)
    address = f"/ws/conversations/{conversation.uid}"
    socket, _ = await connect(address, None)
    assert await close_code(socket) == consumers.NOT_LOGGED_IN
    socket, _ = await connect(address, (await aside(members_of)(round))[1])
    assert await close_code(socket) == consumers.NOT_ALLOWED
    socket, _ = await connect(address, await aside(annotator)())
    assert await close_code(socket) == consumers.NOT_ALLOWED
    socket, _ = await connect(f"/ws/conversations/{uuid.uuid4()}", conversation.annotator)
    assert await close_code(socket) == consumers.UNKNOWN
    _, connected = await connect(address, conversation.annotator, origin="https://evil.example")
    assert not connected


async def test_it_stops_telling_somebody_who_lost_the_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "LOOK_SECONDS", 0.05)
    conversation, *_ = await being_written()
    socket, _ = await open_page(conversation)
    await aside(lambda: conversation.round.campaign.memberships.all().delete())()
    async with asyncio.timeout(10):
        assert await close_code(socket) == consumers.NOT_ALLOWED
