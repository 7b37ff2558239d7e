"""Whole conversations through the real websocket, with the starter model in its own process."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.test import override_settings

from annotate.chat.models import Conversation, Turn
from annotate.ranking.models import Completion
from tests.annotate.chat import openai_server
from tests.annotate.chat.talking import begin, chat_process, chat_round, rank, say
from tests.annotate.live.test_consumers import Socket, connect

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
ASKED = "Write a short note thanking Nora for the help with the move."


def aside(function: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """The same for a thread of the event loop, which gives its connection back."""

    @sync_to_async
    def call(*arguments: Any, **named: Any) -> Any:
        try:
            return function(*arguments, **named)
        finally:
            connection.close()

    return call


class Page:
    """What the page makes of the messages: the conversation, and the words of the turn being written."""

    def __init__(self, socket: Socket) -> None:
        self.socket = socket
        self.conversation: dict[str, Any] = {}
        self.pieces = 0

    @property
    def last(self) -> dict[str, Any]:
        return dict(self.conversation["turns"][-1])

    @property
    def texts(self) -> list[str]:
        return [reply["text"] for reply in self.last["replies"]]

    async def follow(self, until: Callable[[Page], bool], seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while not (self.conversation and until(self)):
            assert time.monotonic() < deadline, self.conversation
            event = await self.socket.receive_output(timeout=seconds)
            message = json.loads(event["text"])
            if message["kind"] == "conversation":
                self.conversation = message["conversation"]
            elif message["kind"] == "text":
                self.pieces += 1
                reply = self.last["replies"][message["position"]]
                reply["text"] = ("" if message["restart"] else reply["text"]) + message["text"]


def is_ready(page: Page) -> bool:
    return bool(page.conversation["turns"]) and page.last["state"] == "ready"


def is_writing(page: Page) -> bool:
    return page.pieces > 0 and page.last["state"] == "writing"


async def open_page(conversation: Conversation) -> Page:
    socket, _ = await connect(f"/ws/conversations/{conversation.uid}", conversation.annotator)
    return Page(socket)


async def test_two_replies_stream_in_and_the_chosen_one_goes_on(tmp_path: Path) -> None:
    round = await aside(chat_round)(temperatures=[0.7, 1.1], max_new_tokens=60)
    conversation = await aside(begin)(round)
    with chat_process(tmp_path):
        page = await open_page(conversation)
        turn = await aside(say)(conversation, ASKED)
        await page.follow(is_ready)
        completions = await aside(lambda: list(Completion.objects.order_by("index")))()
        turn = await aside(Turn.objects.get)(pk=turn.pk)
        assert page.texts == [completions[index].text for index in turn.order]
        assert [each.temperature for each in completions] == [0.7, 1.1]
        assert all(each.token_ids and len(each.token_ids) == len(each.logprobs) for each in completions)
        await aside(rank)(turn, best=1)
        await aside(say)(conversation, "Make it shorter.")
        await page.follow(lambda page: len(page.conversation["turns"]) == 2 and is_ready(page))
        await page.socket.disconnect()
    second = await aside(lambda: Turn.objects.select_related("comparison__prompt").get(number=2))()
    assert [message["content"] for message in second.comparison.prompt.messages] == [
        ASKED, completions[turn.order[1]].text, "Make it shorter.",
    ]  # fmt: skip


async def test_a_killed_generator_is_started_again_and_the_page_misses_nothing(tmp_path: Path) -> None:
    # So hot that it hardly ever comes to an end: there is time to kill it.
    round = await aside(chat_round)(temperatures=[5.0], max_new_tokens=380)
    conversation = await aside(begin)(round)
    with chat_process(tmp_path) as chat:
        page = await open_page(conversation)
        await aside(say)(conversation, ASKED)
        await page.follow(is_writing)
        [generator] = _generators(chat)
        generator.kill()
        await page.follow(is_ready)
        assert page.last["attempt"] == 2
        await page.socket.disconnect()
        late = await open_page(conversation)
        await late.follow(is_ready)
        assert late.texts == page.texts
        await late.socket.disconnect()
    completions = await aside(lambda: [each.text for each in Completion.objects.order_by("index")])()
    assert sorted(page.texts) == sorted(completions)


def _generators(chat: psutil.Process) -> list[psutil.Process]:
    return [child for child in chat.children() if "serve" in child.cmdline()]


async def test_a_server_elsewhere_and_an_own_model_answer_side_by_side(tmp_path: Path) -> None:
    server, address = openai_server.start()
    with server, override_settings(CHAT_ENDPOINTS=[address]):
        endpoint = {"from": "endpoint", "url": address, "model": "slow"}
        chat = {"sources": [{"from": "champion"}, endpoint]}
        conversation = await aside(begin)(await aside(chat_round)(chat=chat, max_new_tokens=40))
        with chat_process(tmp_path, CHAT_ENDPOINTS=address):
            page = await open_page(conversation)
            await aside(say)(conversation, "Hello")
            await page.follow(is_ready)
            # The server dies, and comes back under another address: that is for the operator to say.
            await aside(lambda: rank(conversation.turns.get()))()
            server.kill()
            await aside(say)(conversation, "And now?")
            await page.follow(lambda page: page.conversation["next"] == "mend")
            assert "cannot be reached" in page.last["failure"]
            assert page.last["may_retry"]
            await page.socket.disconnect()
    own, outside = await aside(
        lambda: list(Completion.objects.order_by("index").select_related("checkpoint"))
    )()
    assert (own.checkpoint.kind, bool(own.token_ids)) == ("policy", True)
    assert (outside.checkpoint.path, outside.token_ids) == (f"{address} slow", [])
    assert outside.text.startswith("Hello (turn 1): word 0")


async def test_what_a_killed_chat_process_had_in_hand_is_taken_up_by_the_next(tmp_path: Path) -> None:
    server, address = openai_server.start()
    with server, override_settings(CHAT_ENDPOINTS=[address]):
        chat = {"sources": [{"from": "endpoint", "url": address, "model": "slow"}]}
        conversation = await aside(begin)(await aside(chat_round)(chat=chat))
        page = await open_page(conversation)
        with chat_process(tmp_path, CHAT_ENDPOINTS=address) as process:
            await aside(say)(conversation, "Hello")
            await page.follow(is_writing)
            process.kill()
        with chat_process(tmp_path, CHAT_ENDPOINTS=address):
            await page.follow(is_ready)
        assert page.last["attempt"] == 2
        assert all(text.startswith("Hello (turn 1): word 0") for text in page.texts)
        await page.socket.disconnect()
        server.kill()


async def test_replies_of_others_are_refused_that_the_round_could_not_be_trained_on(tmp_path: Path) -> None:
    server, address = openai_server.start()
    with server, override_settings(CHAT_ENDPOINTS=[address]):
        chat = {"sources": [{"from": "endpoint", "url": address, "model": "plain"}]}
        conversation = await aside(begin)(await aside(chat_round)(chat=chat, max_new_tokens=40))
        with chat_process(tmp_path, CHAT_ENDPOINTS=address):
            page = await open_page(conversation)
            # The server says it again, which makes it longer than the starter's context.
            await aside(say)(conversation, "thank you " * 160)
            await page.follow(lambda page: page.conversation["next"] == "mend")
            await page.socket.disconnect()
        server.kill()
    assert "longer than the model can read that learns from it" in page.last["failure"]
    assert not page.last["may_retry"]
    assert not await aside(Completion.objects.exists)()
