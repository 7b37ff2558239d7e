"""Django's PostgreSQL backend, for threads that keep their connection."""

from __future__ import annotations

import select
import time
from typing import Any

import psycopg
from django.db.backends.postgresql import base

PATIENCE_SECONDS = 10.0
"""How long a new connection is tried for while the server is being restarted; as long as a pool waits."""
_PAUSE_SECONDS = 0.2


class DatabaseWrapper(base.DatabaseWrapper):
    """Looks whether a kept connection still stands, without a round trip, and has patience with a new one."""

    def is_usable(self) -> bool:
        """Whether the server is still at the other end.

        It says nothing unless asked, so there is something to read only where it has hung up.
        """
        connection = self.connection
        if connection is None or connection.closed:
            return False
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN)
        return not poll.poll(0)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """As Django's; where there is no pool, which waits by itself, for up to ``PATIENCE_SECONDS``."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return super().get_new_connection(conn_params)
            except psycopg.OperationalError:
                if self.pool or time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE_SECONDS)
