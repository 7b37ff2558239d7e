"""The websocket of a round, through the whole ASGI application with a real Redis."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.db import connection
from django.test import Client

from annotate.accounts.models import User
from annotate.asgi import application
from annotate.campaigns.models import Campaign
from annotate.live import consumers
from annotate.live.events import publish, round_topic
from annotate.live.models import LiveEvent
from annotate.rounds.models import Checkpoint, Round

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
ORIGIN = "http://localhost:8000"


@pytest.fixture
def round() -> Round:
    campaign = Campaign.objects.create(name="live")
    start = Checkpoint.objects.create(campaign=campaign, kind="policy", name="starter", path="starter")
    return Round.objects.create(campaign=campaign, number=1, recipe={}, start_policy=start)


@pytest.fixture
def researcher() -> User:
    return User.objects.create_user("ada", password="x", role="researcher")


@sync_to_async
def say(round: Round, *numbers: int) -> None:
    for number in numbers:
        publish(topic=round_topic(round.pk), kind="test", payload={"number": number})
    connection.close()


@sync_to_async
def cookie_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    connection.close()
    return f"sessionid={client.cookies['sessionid'].value}"


class Socket(ApplicationCommunicator):
    """A client's end of a websocket."""

    async def message(self) -> dict[str, Any]:
        event = await self.receive_output(timeout=10)
        assert event["type"] == "websocket.send", event
        return dict(json.loads(event["text"]))

    async def disconnect(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait()


async def connect(address: str, user: User | None, origin: str = ORIGIN) -> tuple[Socket, bool]:
    headers = [(b"origin", origin.encode())]
    if user is not None:
        headers.append((b"cookie", (await cookie_of(user)).encode()))
    url = urlsplit(address)
    scope = {"type": "websocket", "path": url.path, "query_string": url.query.encode(), "headers": headers}
    socket = Socket(application, scope)
    await socket.send_input({"type": "websocket.connect"})
    answer = await socket.receive_output(timeout=10)
    return socket, answer["type"] == "websocket.accept"


async def close_code(socket: Socket) -> int:
    message = await socket.receive_output(timeout=10)
    assert message["type"] == "websocket.close"
    return int(message["code"])


async def numbers(socket: Socket, count: int) -> list[tuple[int, int]]:
    messages = [await socket.message() for _ in range(count)]
    return [(message["seq"], message["payload"]["number"]) for message in messages]


async def test_it_sends_what_happened_and_then_what_happens(round: Round, researcher: User) -> None:
    await say(round, 10, 20)
    socket, _ = await connect(f"/ws/rounds/{round.pk}", researcher)
    assert await numbers(socket, 2) == [(1, 10), (2, 20)]
    await say(round, 30)
    assert await numbers(socket, 1) == [(3, 30)]
    await socket.disconnect()


async def test_a_reconnect_gets_exactly_what_it_missed(round: Round, researcher: User) -> None:
    await say(round, 10, 20, 30)
    socket, _ = await connect(f"/ws/rounds/{round.pk}?after=2", researcher)
    assert await numbers(socket, 1) == [(3, 30)]
    assert await socket.receive_nothing(0.2)
    await socket.disconnect()


async def test_a_page_that_was_away_for_too_long_is_told_to_load_anew(round: Round, researcher: User) -> None:
    await say(round, 10, 20, 30, 40)
    await LiveEvent.objects.filter(seq__lte=2).adelete()
    socket, _ = await connect(f"/ws/rounds/{round.pk}?after=1", researcher)
    message = await socket.message()
    assert (message["kind"], message["seq"], message["payload"]) == ("reload", 2, {})
    assert await numbers(socket, 2) == [(3, 30), (4, 40)]
    await say(round, 50)
    assert await numbers(socket, 1) == [(5, 50)]
    await socket.disconnect()
    # Who has seen all that is gone misses nothing.
    socket, _ = await connect(f"/ws/rounds/{round.pk}?after=2", researcher)
    assert await numbers(socket, 3) == [(3, 30), (4, 40), (5, 50)]
    await socket.disconnect()


async def test_it_sends_more_than_one_batch_in_order(
    round: Round, researcher: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "BATCH", 3)
    await say(round, *range(10))
    socket, _ = await connect(f"/ws/rounds/{round.pk}", researcher)
    assert await numbers(socket, 10) == [(number + 1, number) for number in range(10)]
    await socket.disconnect()


async def test_it_finds_events_that_nobody_poked_it_about(
    round: Round, researcher: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when Redis is away: the event is in the database, the poke is lost."""
    monkeypatch.setattr(consumers, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr("annotate.live.events._poke", lambda topic: None)
    socket, _ = await connect(f"/ws/rounds/{round.pk}", researcher)
    await say(round, 10)
    assert await numbers(socket, 1) == [(1, 10)]
    await socket.disconnect()


async def test_it_pings(round: Round, researcher: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(consumers, "PING_SECONDS", 0.0)
    socket, _ = await connect(f"/ws/rounds/{round.pk}", researcher)
    assert await socket.message() == {"kind": "ping"}
    await socket.disconnect()


async def test_it_stops_telling_somebody_who_lost_the_right(
    round: Round, researcher: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(consumers, "PING_SECONDS", 0.0)
    socket, _ = await connect(f"/ws/rounds/{round.pk}", researcher)
    await User.objects.filter(pk=researcher.pk).aupdate(role="annotator")
    while (message := await socket.receive_output(timeout=10))["type"] == "websocket.send":
        assert message["text"] == '{"kind":"ping"}'
    assert message == {"type": "websocket.close", "code": consumers.NOT_ALLOWED}


async def test_it_refuses_a_stranger(round: Round) -> None:
    socket, _ = await connect(f"/ws/rounds/{round.pk}", None)
    assert await close_code(socket) == consumers.NOT_LOGGED_IN


async def test_it_refuses_an_annotator(round: Round) -> None:
    annotator = await sync_to_async(User.objects.create_user)("eve", password="x", role="annotator")
    socket, _ = await connect(f"/ws/rounds/{round.pk}", annotator)
    assert await close_code(socket) == consumers.NOT_ALLOWED


async def test_it_refuses_an_unknown_round(round: Round, researcher: User) -> None:
    socket, _ = await connect(f"/ws/rounds/{round.pk + 1}", researcher)
    assert await close_code(socket) == consumers.UNKNOWN_ROUND


@pytest.mark.parametrize("after", ["x", "-1", "1e3", "9" * 30])
async def test_it_refuses_a_number_that_is_none(round: Round, researcher: User, after: str) -> None:
    socket, _ = await connect(f"/ws/rounds/{round.pk}?after={after}", researcher)
    assert await close_code(socket) == consumers.BAD_AFTER


async def test_it_refuses_another_sites_page(round: Round, researcher: User) -> None:
    _, connected = await connect(f"/ws/rounds/{round.pk}", researcher, origin="https://evil.example")
    assert not connected
