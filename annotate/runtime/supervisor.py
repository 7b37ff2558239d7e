"""Keeps programs running: starts them, starts again those that end, and stops every one of them."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from annotate.processes import Program, ask_to_stop, kill_group, see_it_stop, spawn
from annotate.runtime.errors import RuntimeProblem
from training.contracts import write_json

CALM_SECONDS = 30.0
"""A program that ran this long before it ended is started again at once."""
LONGEST_WAIT = 30.0
LOG_BYTES = 10 * 1024 * 1024
LEFTOVERS_FILE = "processes.json"


@dataclass
class _Child:
    program: Program
    prepare: Callable[[], Program] | None
    process: subprocess.Popen[bytes]
    started: float
    failures: int = 0
    due: float = 0.0
    """When to start it again, by the monotonic clock; 0 while it runs."""


class Supervisor:
    """Owns the programs of one data folder. Its log files are in ``data/logs``.

    What it started stands in ``data/run/processes.json``, so that the next supervisor can end what one that
    was killed left behind.
    """

    def __init__(self, data: Path, say: Callable[[str], None]) -> None:
        self._logs = data / "logs"
        self._leftovers = data / "run" / LEFTOVERS_FILE
        self._say = say
        self._children: dict[str, _Child] = {}

    def end_leftovers(self) -> None:
        """End what a supervisor that was killed has left; a number that is another's by now is let be."""
        try:
            started = json.loads(self._leftovers.read_text())
        except (OSError, ValueError):
            return
        for pid, created in started.items():
            try:
                if abs(psutil.Process(int(pid)).create_time() - created) > 1.0:
                    continue
            except psutil.NoSuchProcess:
                # The leader is gone; its number cannot be another's while its group has members.
                pass
            kill_group(int(pid))
        self._leftovers.unlink()

    def start(
        self, program: Program, prepare: Callable[[], Program] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a program and keep it running from now on; ``prepare`` makes it ready to start again."""
        self._logs.mkdir(parents=True, exist_ok=True)
        path = self.log_of(program.name)
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        with path.open("ab") as log:
            process = spawn(program, log)
        known = self._children.get(program.name)
        failures = known.failures if known else 0
        self._children[program.name] = _Child(program, prepare, process, time.monotonic(), failures)
        self._remember()
        return process

    def look(self) -> None:
        """Start again what ended and is due."""
        now = time.monotonic()
        for child in list(self._children.values()):
            if child.due == 0.0 and child.process.poll() is not None:
                self._schedule(child, now, _ending(child.process.returncode))
            if child.due and child.due <= now:
                try:
                    self.start(child.prepare() if child.prepare else child.program, child.prepare)
                except (RuntimeProblem, OSError) as problem:
                    self._schedule(child, now, str(problem))

    def running(self, name: str) -> int | None:
        """The process that runs a program; None while there is none."""
        child = self._children.get(name)
        return child.process.pid if child and child.process.poll() is None else None

    def log_of(self, name: str) -> Path:
        """The log file of a program."""
        return self._logs / f"{name}.log"

    def stop(self, *groups: list[str]) -> None:
        """Stop the named programs, one group after the other, those of a group side by side."""
        for names in groups:
            children = [self._children.pop(name) for name in names if name in self._children]
            for child in children:
                ask_to_stop(child.process, child.program)
            for child in children:
                see_it_stop(child.process, child.program)
        self._remember()

    def kill(self) -> None:
        """End everything by force, at once."""
        for child in self._children.values():
            kill_group(child.process.pid)

    def _schedule(self, child: _Child, now: float, why: str) -> None:
        # What it leaves behind would hold its port or its sockets.
        kill_group(child.process.pid)
        child.failures = 0 if now - child.started > CALM_SECONDS else child.failures + 1
        wait = min(LONGEST_WAIT, 0.5 * 2 ** (child.failures - 1)) if child.failures else 0.0
        child.due = now + wait
        self._say(
            f"{child.program.name} ended ({why}); starting it again"
            f"{f' in {wait:g} s' if wait >= 1 else ''}. Its log: {self.log_of(child.program.name)}"
        )

    def _remember(self) -> None:
        started = {
            str(child.process.pid): psutil.Process(child.process.pid).create_time()
            for child in self._children.values()
            if psutil.pid_exists(child.process.pid)
        }
        self._leftovers.parent.mkdir(parents=True, exist_ok=True)
        write_json(self._leftovers, started)
        os.chmod(self._leftovers, 0o600)


def _ending(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"
