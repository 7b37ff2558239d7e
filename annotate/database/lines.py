"""Statements asked from the event loop itself: no thread waits for PostgreSQL.

A thread of Python costs more in taking turns with the others than a short statement does. Here libpq's own
non-blocking calls are driven by the loop. A :class:`Line` is one connection with one statement under way;
:class:`Lines` are as many as may be under way at a time, and whoever comes later waits in order.

Nothing is tried twice: whoever asks must be ready for :class:`Away`, and for a statement that was done
although its answer did not come.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import pq

_DJANGOS_OWN = ("cursor_factory", "context", "prepare_threshold", "client_encoding")


class Away(RuntimeError):
    """The database did not answer, or answered with an error."""


class Line:
    """One connection on one event loop."""

    def __init__(self, connection: psycopg.Connection, loop: asyncio.AbstractEventLoop) -> None:
        self._connection, self._loop = connection, loop
        self._pg = connection.pgconn
        self._pg.nonblocking = 1
        # Kept, since a connection that is lost no longer tells.
        self._socket = self._pg.socket
        self._answer: asyncio.Future[bytes | None] | None = None
        self._result: pq.abc.PGresult | None = None
        self.is_open = True
        loop.add_reader(self._socket, self._read)

    async def ask(self, name: bytes, parameters: Sequence[bytes | None]) -> bytes | None:
        """The first column of the first row that a prepared statement gives; None for NULL or no row."""
        self._answer = self._loop.create_future()
        try:
            self._pg.send_query_prepared(name, parameters)
            self._write()
            return await self._answer
        except psycopg.Error as problem:
            self.close()
            raise Away(str(problem)) from problem
        except asyncio.CancelledError:
            # Its answer is still to come: nobody may ask here again.
            self.close()
            raise
        finally:
            self._answer = None

    def close(self) -> None:
        """Hang up. Who waits for an answer here is told that there is none."""
        if self.is_open:
            self.is_open = False
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            self._connection.close()
        if self._answer and not self._answer.done():
            self._answer.set_exception(Away("The connection was lost."))

    def _write(self) -> None:
        if self._pg.flush():
            self._loop.add_writer(self._socket, self._write_on)

    def _write_on(self) -> None:
        try:
            if not self._pg.flush():
                self._loop.remove_writer(self._socket)
        except psycopg.Error:
            self.close()

    def _read(self) -> None:
        try:
            self._pg.consume_input()
            while not self._pg.is_busy():
                result = self._pg.get_result()
                if result is None:
                    break
                self._result = result
            else:
                return
        except psycopg.Error:
            self.close()
            return
        result, self._result = self._result, None
        if result is not None and self._answer and not self._answer.done():
            self._tell(self._answer, result)

    def _tell(self, answer: asyncio.Future[bytes | None], result: pq.abc.PGresult) -> None:
        if result.status == pq.ExecStatus.TUPLES_OK:
            answer.set_result(result.get_value(0, 0) if result.ntuples else None)
        else:
            answer.set_exception(Away(result.error_message.decode(errors="replace")))


class Lines:
    """At most ``most`` connections, made when they are needed, that know ``statements`` by name."""

    def __init__(self, statements: Mapping[str, str], most: int) -> None:
        self._statements = {name.encode(): text.encode() for name, text in statements.items()}
        self._most = most
        self._loop: asyncio.AbstractEventLoop | None = None
        self._idle: list[Line] = []
        self._turns = asyncio.Semaphore(most)

    async def ask(self, name: str, *parameters: str | None) -> bytes | None:
        """What a statement says (see :meth:`Line.ask`). Raises :class:`Away`."""
        self._belong_here()
        sent = [text if text is None else text.encode() for text in parameters]
        async with self._turns:
            line = await self._line()
            answer = await line.ask(name.encode(), sent)
            self._idle.append(line)
        return answer

    def close(self) -> None:
        """Hang up every line that nobody is using."""
        while self._idle:
            self._idle.pop().close()

    def _belong_here(self) -> None:
        """Begin anew where the loop is another one: lines live on the loop that made them."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._idle, self._turns = loop, [], asyncio.Semaphore(self._most)

    async def _line(self) -> Line:
        while self._idle:
            line = self._idle.pop()
            if line.is_open:
                return line
        try:
            connection = await asyncio.to_thread(self._connect)
        except psycopg.Error as problem:
            raise Away(str(problem)) from problem
        return Line(connection, asyncio.get_running_loop())

    def _connect(self) -> psycopg.Connection:
        wanted = connections[DEFAULT_DB_ALIAS].get_connection_params()
        own = {name: value for name, value in wanted.items() if name not in _DJANGOS_OWN}
        own["options"] = f"{own.get('options', '')} -c timezone=UTC".strip()
        connection: psycopg.Connection = psycopg.connect(**own, autocommit=True, connect_timeout=5)
        for name, text in self._statements.items():
            told = connection.pgconn.prepare(name, text)
            if told.status != pq.ExecStatus.COMMAND_OK:
                connection.close()
                raise psycopg.ProgrammingError(told.error_message.decode(errors="replace"))
        return connection
