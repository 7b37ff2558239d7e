"""What joins a browser to the server, and can be pulled out.

A browser that is told to be offline may still send a request while it loads a page anew, before the page is
told too. Where that matters, the way to the server itself is cut.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from urllib.parse import urlsplit


class Cable:
    """Passes on to the server at ``address`` whatever comes in at its own, while it is plugged in."""

    def __init__(self, address: str) -> None:
        self._port = urlsplit(address).port
        self._loop = asyncio.new_event_loop()
        self._open: set[asyncio.StreamWriter] = set()
        self._is_out = False
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        serving = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._join, "127.0.0.1", 0), self._loop
        )
        self.address = f"http://127.0.0.1:{serving.result().sockets[0].getsockname()[1]}"

    def pull_out(self) -> None:
        """Cut every connection, and those to come."""
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result()

    def plug_in(self) -> None:
        """Let new connections through again."""
        self._is_out = False

    def close(self) -> None:
        """For good."""
        self.pull_out()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _cut(self) -> None:
        self._is_out = True
        for writer in self._open:
            writer.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_out:
            writer.close()
            return
        answers, onward = await asyncio.open_connection("127.0.0.1", self._port)
        ends = {writer, onward}
        self._open |= ends
        await asyncio.gather(_pass_on(reader, onward), _pass_on(answers, writer))
        self._open -= ends


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while said := await reader.read(65536):
            writer.write(said)
            await writer.drain()
    writer.close()
