"""Asking an OpenAI-compatible server (vLLM and the like) for a reply, which comes as server-sent events.

The server is not trusted: what it sends is bounded in time and size, nothing that it says is shown but the
reply's text, and a redirection is not followed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
from django.conf import settings

from annotate.chat.events import Event, Piece, Trouble, Whole
from annotate.chat.sources import Voice
from annotate.chat.writing import Written
from annotate.text import storable
from training.contracts import Message

TIMEOUT = httpx.Timeout(60.0, connect=10.0)
LONGEST_SECONDS = 300.0
MOST_BYTES = 8 * 1024 * 1024
LONGEST_LINE = 256 * 1024
LONGEST_REPLY = 64_000
AGAIN = "Try again; if it goes on, tell who runs the campaign."


class Silent(Exception):
    """Why there is no reply: ``sentence`` for the annotator, the message for the log."""

    def __init__(self, sentence: str, detail: str) -> None:
        super().__init__(detail)
        self.sentence = f"A model's server {sentence} {AGAIN}"


def listen(voice: Voice, messages: Sequence[Message], *, max_new_tokens: int) -> Iterator[Event]:
    """The reply as it comes, then whole; or the trouble that there was."""
    where = f"{voice.model} at {voice.url}"
    try:
        yield from _reply(voice, messages, max_new_tokens)
    except Silent as problem:
        yield Trouble(problem.sentence, detail=f"{where}: {problem}")
    except httpx.TimeoutException as problem:
        yield Trouble(f"A model's server did not answer in time. {AGAIN}", detail=f"{where}: {problem!r}")
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        yield Trouble(f"A model's server cannot be reached. {AGAIN}", detail=f"{where}: {problem!r}")


def _reply(voice: Voice, messages: Sequence[Message], max_new_tokens: int) -> Iterator[Event]:
    text, finish = "", ""
    for chunk in _chunks(voice, messages, max_new_tokens):
        piece, ended = _delta(chunk)
        room = LONGEST_REPLY - len(text)
        if piece:
            # Blanks in front are not shown, as with an own model's replies.
            new = storable(piece if text else piece.lstrip())[:room]
            if new:
                yield Piece(voice.index, len(text), new)
                text += new
        finish = ended or finish
        if len(text) >= LONGEST_REPLY:
            finish = "length"
            break
    if finish not in ("stop", "length"):
        raise Silent("broke off in the middle of the reply.", f"the finish reason is {finish[:80]!r}")
    yield Whole(voice.index, Written(text=text.rstrip(), finish=finish))


def _chunks(voice: Voice, messages: Sequence[Message], max_new_tokens: int) -> Iterator[dict[str, Any]]:
    body = {
        "model": voice.model,
        "messages": list(messages),
        "stream": True,
        "temperature": voice.temperature,
        "top_p": voice.top_p,
        "seed": voice.seed,
        "max_tokens": max_new_tokens,
    }
    url = f"{voice.url.rstrip('/')}/chat/completions"
    headers = {"Accept": "text/event-stream", "Accept-Encoding": "identity", **_authorization(voice.url)}
    with (
        httpx.Client(timeout=TIMEOUT, trust_env=False) as client,
        client.stream("POST", url, json=body, headers=headers) as response,
    ):
        if response.status_code != httpx.codes.OK:
            said = next(response.iter_raw(2_000), b"").decode("utf-8", "replace")
            raise Silent(
                f"refused (status {response.status_code}).", f"{response.status_code} {said[:500]!r}"
            )
        for line in _lines(response):
            data = line.removeprefix(b"data:").strip()
            if data == b"[DONE]":
                return
            if line.startswith(b"data:"):
                yield _parse(data)


def _lines(response: httpx.Response) -> Iterator[bytes]:
    """The lines of an answer that is neither too long nor too slow."""
    until, size, rest = time.monotonic() + LONGEST_SECONDS, 0, b""
    for block in response.iter_raw():
        size += len(block)
        *lines, rest = (rest + block).split(b"\n")
        if size > MOST_BYTES or max(map(len, (*lines, rest))) > LONGEST_LINE:
            raise Silent("sent more than a reply can be.", f"{size} bytes")
        if time.monotonic() > until:
            raise Silent("did not come to an end in time.", f"{LONGEST_SECONDS:.0f} s")
        yield from lines
    yield rest


def _parse(data: bytes) -> dict[str, Any]:
    try:
        chunk = json.loads(data)
    except (ValueError, RecursionError) as problem:
        raise Silent("sent what cannot be read.", f"{problem}: {data[:200]!r}") from problem
    if not isinstance(chunk, dict) or "error" in chunk:
        raise Silent("broke off with an error.", repr(chunk)[:500])
    return chunk


def _delta(chunk: dict[str, Any]) -> tuple[str, str]:
    """The text that a chunk adds and the reason for which it ends the reply, both perhaps empty."""
    choices = chunk.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else {}
    if not isinstance(choice, dict):
        raise Silent("sent what cannot be read.", repr(chunk)[:500])
    delta = choice.get("delta")
    content = delta.get("content") if isinstance(delta, dict) else None
    finish = choice.get("finish_reason")
    return content if isinstance(content, str) else "", finish if isinstance(finish, str) else ""


def _authorization(url: str) -> dict[str, str]:
    """The key that the environment has for this server, if it has one."""
    keys = dict(zip(settings.CHAT_ENDPOINTS, settings.CHAT_ENDPOINT_KEYS, strict=False))
    return {"Authorization": f"Bearer {keys[url]}"} if keys.get(url) else {}
