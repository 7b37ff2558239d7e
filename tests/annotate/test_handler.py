"""One thread a request: the whole of Django behind ASGI, small answers and long ones."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path
from pytest_django import Settings

from annotate.handler import ThreadedHandler


def echo(request: HttpRequest) -> JsonResponse:
    said = {"thread": threading.current_thread().name, "body": request.body.decode(), "path": request.path}
    return JsonResponse(said)


def stream(request: HttpRequest) -> StreamingHttpResponse:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    return StreamingHttpResponse(chunks())


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("broken on purpose")


urlpatterns = [path("echo", echo), path("stream", stream), path("broken", broken)]
handler500 = "annotate.errors.server_error"


@pytest.fixture(autouse=True)
def _addresses(settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = ["annotate.headers.ContentSecurityPolicyMiddleware"]


async def ask(address: str, *chunks: bytes) -> tuple[int, dict[bytes, bytes], bytes]:
    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": address, "query_string": b""}
    scope |= {"headers": [(b"host", b"localhost")], "http_version": "1.1", "scheme": "http"}
    client = ApplicationCommunicator(ThreadedHandler(threads=2), scope)
    for number, chunk in enumerate(chunks or (b"",), start=1):
        await client.send_input({"type": "http.request", "body": chunk, "more_body": number < len(chunks)})
    start = await client.receive_output(5)
    body, is_more = b"", True
    while is_more:
        message = await client.receive_output(5)
        body += message.get("body", b"")
        is_more = message.get("more_body", False)
    await client.wait()
    return start["status"], dict(start["headers"]), body


@pytest.mark.asyncio
async def test_it_answers_in_a_thread_of_its_own_after_the_whole_body() -> None:
    status, headers, body = await ask("/echo", b"a", b"b", b"c")
    assert status == 200
    assert b'"body": "abc"' in body
    assert b'"thread": "request_0"' in body
    assert b"Content-Security-Policy" in headers


@pytest.mark.asyncio
async def test_it_streams_long_answers() -> None:
    status, _, body = await ask("/stream")
    assert (status, body) == (200, b"one two")


@pytest.mark.asyncio
async def test_it_answers_for_what_breaks_and_for_what_is_not_there() -> None:
    assert (await ask("/broken"))[0] == 500
    assert (await ask("/nowhere"))[0] == 404


@pytest.mark.asyncio
async def test_it_forgets_a_request_whose_client_goes_away() -> None:
    scope = {"type": "http", "method": "POST", "path": "/echo", "headers": [], "query_string": b""}
    client = ApplicationCommunicator(ThreadedHandler(threads=1), scope)
    await client.send_input({"type": "http.request", "body": b"half", "more_body": True})
    await client.send_input({"type": "http.disconnect"})
    await client.wait()
    assert await client.receive_nothing()
