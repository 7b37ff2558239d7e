"""Request bodies are bounded before anything reads them."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator

from annotate.limits import BodyLimit


async def echo_size(scope: Any, receive: Any, send: Any) -> None:
    """Answers how much it read, or that its client went away."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message["body"])
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})


def client(headers: list[tuple[bytes, bytes]]) -> ApplicationCommunicator:
    return ApplicationCommunicator(BodyLimit(echo_size, most=10), {"type": "http", "headers": headers})


@pytest.mark.asyncio
@pytest.mark.parametrize("declared", [b"11", b"999999999999", b"-1", b"ten"])
async def test_it_refuses_a_declared_length_that_is_too_large_or_none(declared: bytes) -> None:
    socket = client([(b"content-length", declared)])
    assert (await socket.receive_output())["status"] == 413
    assert b"larger than 10 bytes" in (await socket.receive_output())["body"]


@pytest.mark.asyncio
async def test_it_lets_what_fits_through() -> None:
    socket = client([(b"content-length", b"10")])
    await socket.send_input({"type": "http.request", "body": b"x" * 10})
    assert (await socket.receive_output())["status"] == 200
    assert (await socket.receive_output())["body"] == b"10"


@pytest.mark.asyncio
async def test_it_cuts_a_body_that_grows_beyond_the_limit_without_saying_so() -> None:
    socket = client([])
    await socket.send_input({"type": "http.request", "body": b"x" * 8, "more_body": True})
    await socket.send_input({"type": "http.request", "body": b"x" * 8, "more_body": True})
    await socket.wait()
    assert await socket.receive_nothing()
