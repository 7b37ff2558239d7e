"""The desk: what annotators ask all day (lease, extend, submit), answered on the event loop.

Most of what such a request costs is finding out, anew each time, that it may be answered. The desk answers
what it knows and hands on everything else, and so decides nothing by itself:

1. A request is known when Django, with all its middleware, accepted one of the same kind with the very same
   headers: cookies, origin, CSRF token. What may have changed since (the session ended, the person was
   shut out, their password is another) is asked of the database by the statement that does the work.
2. Whatever is out of the ordinary goes to Django as it came: a body that is not plain JSON, an answer that
   the campaign does not accept, a refusal, a database that is away. All three may be done twice without
   harm, so that is right even where the first attempt was done and its answer lost.
"""

from __future__ import annotations

import re
import uuid
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.core.exceptions import ValidationError as DjangoValidationError
from rest_framework.exceptions import APIException

from annotate.accounts.sessions import KNOWN, Known
from annotate.database.lines import Away, Lines
from annotate.ranking import leases, submissions
from annotate.ranking.queue import hold
from annotate.ranking.serializers import LeaseSerializer, SubmitSerializer, as_answer
from annotate.rendering import json_bytes

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Any, Any, Any], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
Answer = tuple[int, bytes]

STATEMENTS = {
    "lease": "SELECT ranking_desk_lease($1, $2, $3, $4::bigint, $5::int, $6::interval)",
    "extend": "SELECT ranking_desk_extend($1, $2, $3, $4::uuid, $5::interval)",
    "asked": "SELECT ranking_desk_asked($1, $2, $3, $4::uuid, $5::uuid)",
    "submit": "SELECT ranking_submit($1::bigint, $2::bigint, $3::uuid, $4::smallint[], $5::smallint[], "
    "$6::bool, $7, $8::jsonb, $9::float8)",
}
LONGEST_BODY = 1024 * 1024
MOST_KNOWN = 4096
_ADDRESS = re.compile(
    r"/api/(?:campaigns/(?P<campaign>\d{1,18})/(?P<lease>lease)"
    r"|assignments/(?P<uid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/(?P<verb>extend|submit))"
)
# Of each answer its own; the other headers are the same on every answer of an address.
_OWN_HEADERS = (b"content-length", b"set-cookie")
_LEASE, _SUBMIT = LeaseSerializer(), SubmitSerializer()


@dataclass(frozen=True)
class _Remembered:
    known: Known
    headers: Headers


class Desk:
    """Wraps the ASGI application that can answer everything."""

    def __init__(self, application: Application, *, lines: int) -> None:
        self._application = application
        self._lines = Lines(STATEMENTS, lines)
        self._remembered: OrderedDict[tuple[Any, ...], _Remembered] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = _ADDRESS.fullmatch(scope["path"]) if scope["method"] == "POST" else None
        if asked is None or scope["query_string"] or not _is_short(scope["headers"]):
            await self._application(scope, receive, send)
            return
        body, is_whole = await _whole(receive)
        verb = asked["lease"] or asked["verb"]
        key = (verb, scope["scheme"], *(pair for pair in scope["headers"] if pair[0] != b"content-length"))
        remembered = self._remembered.get(key) if is_whole else None
        answer = await self._answer(verb, asked, body, remembered.known) if remembered else None
        if remembered and answer:
            self._remembered.move_to_end(key)
            await _send(send, *answer, remembered.headers)
        else:
            await self._hand_on(scope, _again(body, is_whole, receive), send, key)

    def close(self) -> None:
        """Let go of the database."""
        self._lines.close()

    async def _answer(self, verb: str, asked: re.Match[str], body: bytes, known: Known) -> Answer | None:
        who = (known.session_key, known.password, known.auth_hash)
        try:
            if verb == "lease":
                return await self._lease(who, asked["campaign"], body)
            if verb == "submit":
                return await self._submit(who, asked["uid"], body)
            return await self._extend(who, asked["uid"])
        except (Away, APIException, DjangoValidationError, ValueError, TypeError, RecursionError):
            # Django finds the right words for it.
            return None

    async def _lease(self, who: tuple[str, ...], campaign: str, body: bytes) -> Answer | None:
        want = _LEASE.run_validation(orjson.loads(body))["want"]
        found = await self._lines.ask("lease", *who, campaign, str(want), str(hold()))
        if found is None:
            return None
        tasks, progress = leases.told_of(orjson.loads(found))
        if len(tasks) < want:
            # Abandoned leases may be taken back for them.
            return None
        return 200, json_bytes({"assignments": tasks, "progress": progress})

    async def _extend(self, who: tuple[str, ...], uid: str) -> Answer | None:
        until = await self._lines.ask("extend", *who, uid, str(hold()))
        if until is None:
            return None
        return 200, json_bytes({"deadline": datetime.fromisoformat(orjson.loads(until))})

    async def _submit(self, who: tuple[str, ...], uid: str, body: bytes) -> Answer | None:
        client_id, answer = as_answer(_SUBMIT.run_validation(orjson.loads(body)))
        asked = await self._lines.ask("asked", *who, uid, str(client_id))
        if asked is None:
            return None
        known = orjson.loads(asked)
        if any(each.edit is not None for each in answer.completions):
            # What was shown must be read first.
            return None
        arguments = submissions.judged(known, client_id, answer)
        told = await self._lines.ask("submit", *(_written(each) for each in arguments))
        if told is None:
            return None
        made, progress, is_new = submissions.recorded(orjson.loads(told))
        return (201 if is_new else 200), json_bytes({"uid": made, "progress": progress})

    async def _hand_on(self, scope: Scope, receive: Receive, send: Send, key: tuple[Any, ...]) -> None:
        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start" and 200 <= message["status"] < 300:
                self._remember(scope, key, list(message["headers"]))
            await send(message)

        await self._application(scope, receive, watched)

    def _remember(self, scope: Scope, key: tuple[Any, ...], headers: Headers) -> None:
        """That a request with these headers was answered for a session, and not for a token."""
        known = scope.get(KNOWN)
        if known is None or any(name == b"authorization" for name, _ in scope["headers"]):
            return
        kept = [pair for pair in headers if pair[0].lower() not in _OWN_HEADERS]
        self._remembered[key] = _Remembered(known, kept)
        while len(self._remembered) > MOST_KNOWN:
            self._remembered.popitem(last=False)


def _is_short(headers: Headers) -> bool:
    length = next((value for name, value in headers if name == b"content-length"), b"0")
    return length.isdigit() and int(length) <= LONGEST_BODY


async def _whole(receive: Receive) -> tuple[bytes, bool]:
    """What came of a body, and whether that is all; of undeclared length it may be too long."""
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body") and len(body) <= LONGEST_BODY:
        message = await receive()
        body += message.get("body", b"")
    return body, message["type"] == "http.request" and not message.get("more_body", False)


def _again(body: bytes, is_whole: bool, receive: Receive) -> Receive:
    """The same request for the next one who reads it."""
    is_first = True

    async def again() -> Message:
        nonlocal is_first
        if not is_first:
            return await receive()
        is_first = False
        return {"type": "http.request", "body": body, "more_body": not is_whole}

    return again


async def _send(send: Send, status: int, body: bytes, headers: Headers) -> None:
    length = (b"Content-Length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})


def _written(value: int | float | str | uuid.UUID | list[int] | list[int | None]) -> str:
    """A value as PostgreSQL reads it."""
    if isinstance(value, list):
        return "{" + ",".join("NULL" if each is None else str(each) for each in value) + "}"
    return str(value)
