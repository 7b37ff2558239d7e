"""Plumbline as `make run` starts it, and what its processes cost."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from annotate.processes import spawn, stop
from annotate.runtime.house import programs

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Processes:
    """Who is charged for what: the first process of each part, whose children count with it."""

    parts: dict[str, int]

    @classmethod
    def beside(cls, web: int) -> Processes:
        """The web server, and the PostgreSQL and Redis that our own parent has started."""
        parent = psutil.Process().parent()
        assert parent is not None
        servers = {process.name(): process.pid for process in parent.children()}
        found = {part: pid for part in ("postgres", "redis") for name, pid in servers.items() if part in name}
        return cls({"web": web, **found})

    def seconds(self) -> dict[str, float]:
        """CPU seconds (user and system) so far of each part, and of this client."""
        own = psutil.Process().cpu_times()
        return {"client": own.user + own.system, **{name: _tree(pid) for name, pid in self.parts.items()}}


@dataclass(frozen=True)
class Machine:
    """Seconds that the machine's cores have spent so far: working, taken away by the host, and in all."""

    busy: float
    stolen: float
    total: float

    @classmethod
    def now(cls) -> Machine:
        """As they stand."""
        times = psutil.cpu_times()._asdict()
        # What guests use counts as user time too.
        total = sum(times.values()) - times.get("guest", 0.0) - times.get("guest_nice", 0.0)
        idle = times["idle"] + times.get("iowait", 0.0)
        stolen = times.get("steal", 0.0)
        return cls(busy=total - idle - stolen, stolen=stolen, total=total)


def _tree(pid: int) -> float:
    parent = psutil.Process(pid)
    total = 0.0
    for process in (parent, *parent.children(recursive=True)):
        used = process.cpu_times()
        total += used.user + used.system + used.children_user + used.children_system
    return total


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def web_server(data: Path, port: int, processes: int) -> Iterator[subprocess.Popen[bytes]]:
    """The web program of `manage.py up`, until the block ends."""
    found = programs(host=HOST, port=port, web_processes=processes, stage_slots=1, environment=os.environ)
    web = next(program for program in found if program.name == "web")
    with (data / "logs" / "web.log").open("ab") as log:
        process = spawn(web, log)
    try:
        _wait_ready(port, process, data)
        yield process
    finally:
        stop(process, web)


def _wait_ready(port: int, process: subprocess.Popen[bytes], data: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"http://{HOST}:{port}/readyz", timeout=5.0).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise RuntimeError(
        f"The web server did not get ready:\n{(data / 'logs' / 'web.log').read_text()[-2000:]}"
    )
