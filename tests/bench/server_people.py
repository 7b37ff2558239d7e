"""The benchmark's annotators: what a browser sends over a keep-alive connection, with little Python."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from random import Random
from typing import cast
from uuid import UUID

import orjson

WANT = 3
"""As the page: the comparison on the screen and two behind it."""
HEARTBEAT_SECONDS = 60.0
# What Chromium sends with a request of the page, so that the server reads what it will have to read.
HEADERS = (
    "Connection: keep-alive\r\n"
    'sec-ch-ua-platform: "Linux"\r\n'
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 "
    "Safari/537.36\r\n"
    "Accept: application/json\r\n"
    'sec-ch-ua: "Chromium";v="142", "Not_A Brand";v="99"\r\n'
    "sec-ch-ua-mobile: ?0\r\n"
    "Sec-Fetch-Site: same-origin\r\n"
    "Sec-Fetch-Mode: cors\r\n"
    "Sec-Fetch-Dest: empty\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: en-GB,en;q=0.9\r\n"
)


class Refused(RuntimeError):
    """The server answered what it should not have."""


class Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._buffer = b""
        self._needed = 0
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, problem: Exception | None) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_exception(problem or Refused("The server closed the connection."))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._needed:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._buffer[:end].lower()
            length = head.index(b"content-length:") + len(b"content-length:")
            self._body, self._needed = end + 4, end + 4 + int(head[length:].split(b"\r\n", 1)[0])
        if len(self._buffer) >= self._needed and self._answer:
            status, body = int(self._buffer[9:12]), self._buffer[self._body : self._needed]
            self._buffer, self._needed = b"", 0
            self._answer.set_result((status, body))

    def send(self, request: bytes) -> asyncio.Future[tuple[int, bytes]]:
        """Send a whole request; the status and the body of its answer."""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def close(self) -> None:
        """Hang up."""
        self._transport.close()


@dataclass
class Tally:
    """What happened, with seconds from when a request was due until its answer was there."""

    lease: list[float] = field(default_factory=list)
    submit: list[float] = field(default_factory=list)
    heartbeat: list[float] = field(default_factory=list)


class Annotator:
    """One person at their page: leases three, ranks the first, leases again."""

    def __init__(self, connection: Connection, host: str, credentials: str, campaign: int, seed: int) -> None:
        self._connection, self._campaign = connection, campaign
        self._dice = Random(seed)
        self._head = f"Host: {host}\r\nOrigin: http://{host}\r\n{HEADERS}{credentials}"
        self._queue: deque[tuple[str, int]] = deque()
        self._done: set[str] = set()
        self.accepted: list[UUID] = []
        self._line = asyncio.Lock()

    async def lease(self, tally: Tally, due: float) -> None:
        """Top up the comparisons at hand, as the page does."""
        status, body = await self._post(f"campaigns/{self._campaign}/lease", b'{"want":%d}' % WANT)
        tally.lease.append(time.perf_counter() - due)
        if status != 200:
            raise Refused(f"lease: {status} {body[:300]!r}")
        held = [(task["uid"], len(task["completions"])) for task in orjson.loads(body)["assignments"]]
        again = self._done.intersection(uid for uid, _ in held)
        if again:
            raise Refused(f"A comparison was offered again after it was answered: {again}.")
        self._queue = deque(held)

    async def pair(self, tally: Tally, due: float) -> None:
        """Rank the comparison on the screen, and lease. ``due`` is when the person pressed Enter."""
        async with self._line:
            if not self._queue:
                await self.lease(tally, due)
                due = time.perf_counter()
            if not self._queue:
                raise Refused("The queue is empty: ask for more --comparisons or fewer --seconds.")
            uid, k = self._queue.popleft()
            answer = {
                "client_id": str(UUID(int=self._dice.getrandbits(128), version=4)),
                "ranking": self._dice.sample(range(k), k),
                "gaps": self._dice.choices((None, 0, 1, 2, 3), k=k - 1),
                "all_bad": False,
                "rationale": "",
                "active_seconds": 31.4,
            }
            status, body = await self._post(f"assignments/{uid}/submit", orjson.dumps(answer))
            now = time.perf_counter()
            tally.submit.append(now - due)
            if status != 201:
                raise Refused(f"submit: {status} {body[:300]!r}")
            self.accepted.append(UUID(orjson.loads(body)["uid"]))
            self._done.add(uid)
            await self.lease(tally, now)

    async def heartbeat(self, tally: Tally) -> None:
        """Hold every lease for longer."""
        async with self._line:
            for uid, _ in tuple(self._queue):
                due = time.perf_counter()
                status, body = await self._post(f"assignments/{uid}/extend", b"")
                tally.heartbeat.append(time.perf_counter() - due)
                if status != 200:
                    raise Refused(f"extend: {status} {body[:300]!r}")

    def leave(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _post(self, path: str, body: bytes) -> asyncio.Future[tuple[int, bytes]]:
        kind = "Content-Type: application/json\r\n" if body else ""
        head = f"POST /api/{path} HTTP/1.1\r\n{self._head}{kind}Content-Length: {len(body)}\r\n\r\n"
        return self._connection.send(head.encode() + body)
