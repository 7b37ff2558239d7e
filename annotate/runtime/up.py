"""Everything under one supervisor: what `manage.py up` does, in order."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import httpx

from annotate.runtime.chats import has_chats
from annotate.runtime.checks import alone, require_port, require_space
from annotate.runtime.errors import RuntimeProblem
from annotate.runtime.house import BASE, chat_program, management, programs
from annotate.runtime.postgres import EmbeddedPostgres
from annotate.runtime.redis import EmbeddedRedis
from annotate.runtime.supervisor import Supervisor

READY_SECONDS = 90.0
LOOK_SECONDS = 0.5
CHAT_LOOK_SECONDS = 5.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")
SERVERS = ["redis", "postgres"]
HOUSE = ["beat", "web", "control", "stages", "chat"]


@dataclass(frozen=True)
class Options:
    """What `up` was asked for. ``database_url`` and ``redis_url`` name servers that run elsewhere."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 8000
    demo: bool = False
    web_processes: int = 1
    stage_slots: int = 1
    database_url: str = ""
    redis_url: str = ""


class House:
    """One running Plumbline."""

    def __init__(self, options: Options, say: Callable[[str], None] = print) -> None:
        self._options = options
        self._say = say
        self._supervisor = Supervisor(options.data, say)
        self._told_to_stop = threading.Event()
        self._looked_for_chats = 0.0
        self._has_chats = False
        self._environment = {"PLUMBLINE_DATA": str(options.data), "PYTHONUNBUFFERED": "1"}

    def run(self) -> None:
        """Start everything, keep it running, and stop every part of it on SIGINT or SIGTERM.

        Raises :class:`RuntimeProblem` when it cannot start.
        """
        options = self._options
        with alone(options.data):
            require_space(options.data)
            self._supervisor.end_leftovers()
            require_port(options.host, options.port)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, self._on_signal)
            try:
                self._start()
                while not self._told_to_stop.wait(LOOK_SECONDS):
                    self._supervisor.look()
                    self._look_for_chats()
                self._say("Stopping ...")
            except RuntimeProblem:
                # What was interrupted while it started has not failed.
                if not self._told_to_stop.is_set():
                    raise
            finally:
                self._supervisor.stop(HOUSE, SERVERS)
            self._say("Stopped.")

    def _start(self) -> None:
        self._start_servers()
        logins = self._prepare()
        options = self._options
        for program in programs(
            host=options.host,
            port=options.port,
            web_processes=options.web_processes,
            stage_slots=options.stage_slots,
            environment=self._environment,
        ):
            self._supervisor.start(program)
        self._wait_until_ready()
        if not self._told_to_stop.is_set():
            self._welcome(logins)

    def _look_for_chats(self) -> None:
        """Start what answers in chats once there is one; most houses never pay for it."""
        now = time.monotonic()
        if self._has_chats or now - self._looked_for_chats < CHAT_LOOK_SECONDS:
            return
        self._looked_for_chats = now
        self._has_chats = has_chats(self._environment["DATABASE_URL"])
        if self._has_chats:
            self._supervisor.start(chat_program(self._environment))

    def _start_servers(self) -> None:
        """Start PostgreSQL and Redis, but for the one that runs elsewhere."""
        options = self._options
        redis = None if options.redis_url else EmbeddedRedis(options.data)
        postgres = None if options.database_url else EmbeddedPostgres(options.data)
        self._environment["REDIS_URL"] = redis.url if redis else options.redis_url
        self._environment["DATABASE_URL"] = postgres.url if postgres else options.database_url
        started = [
            (server, self._supervisor.start(server.prepare(), server.prepare))
            for server in (redis, postgres)
            if server
        ]
        for server, process in started:
            try:
                server.wait_ready(process)
            except RuntimeProblem as problem:
                raise RuntimeProblem(
                    f"{problem} Its log: {self._supervisor.log_of(server.name)}"
                ) from problem
        # For the other commands (export, simulate ...), which find the servers here.
        for embedded, name in ((postgres, "database_url"), (redis, "redis_url")):
            if embedded:
                _write_private(options.data / name, embedded.url)

    def _prepare(self) -> list[dict[str, str]]:
        """Migrate, and make the first people and the demo; returns the logins."""
        command = management("prepare", *(["--demo"] if self._options.demo else []))
        done = subprocess.run(
            command, env={**os.environ, **self._environment}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            reason = (done.stderr.strip() or "it gave no reason").splitlines()[-1]
            raise RuntimeProblem(f"The database could not be prepared: {reason}")
        logins: list[dict[str, str]] = json.loads(done.stdout.splitlines()[-1])
        return logins

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self._told_to_stop.wait(0.1):
            try:
                if httpx.get(f"{self._address()}/readyz", timeout=5.0).is_success:
                    return
            except httpx.TransportError:
                pass
            self._supervisor.look()
            if time.monotonic() > deadline:
                raise RuntimeProblem(
                    f"The web server did not get ready. Its log: {self._supervisor.log_of('web')}"
                )

    def _welcome(self, logins: list[dict[str, str]]) -> None:
        self._say(f"\nPlumbline is ready: {self._address()}\n")
        for login in logins:
            self._say(f"  {login['role']:<12}{login['username']:<12}{login['password']}")
        options = self._options
        self._say(f"\nLogs are in {options.data / 'logs'}. Ctrl-C stops everything.")
        if options.host not in LOOPBACK and not os.environ.get("ALLOWED_HOSTS"):
            self._say("Others reach it once ALLOWED_HOSTS names this machine: see .env.example.")
        if not (BASE / "frontend" / "dist" / "index.html").exists():
            self._say("The pages are not built: run `make build`.")

    def _address(self) -> str:
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self._options.host, self._options.host)  # noqa: S104 - compared, not bound
        return f"http://{host}:{self._options.port}"

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._told_to_stop.is_set():
            # Asked twice: nothing more is waited for. PostgreSQL recovers from this by itself.
            self._supervisor.kill()
            os._exit(130)
        self._told_to_stop.set()


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(text)
