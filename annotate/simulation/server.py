"""A Plumbline of one's own, in a temporary folder, for as long as a simulation runs."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT

import httpx

from annotate.processes import Program, spawn, stop
from annotate.runtime.house import management

READY_SECONDS = 180.0


class ServerFailed(RuntimeError):
    """The server did not start; the message says where its log is."""


@dataclass(frozen=True)
class Access:
    """Where a server is, and an admin's token for it."""

    url: str
    token: str


@contextmanager
def own_server(say: Callable[[str], None]) -> Iterator[Access]:
    """Start a server, make an admin, and stop it in the end whatever happens.

    Its folder is removed when all went well; otherwise it is kept for its logs.
    """
    folder = Path(tempfile.mkdtemp(prefix="plumbline-simulate-"))
    port = _free_port()
    # Empty addresses: it shall have its own database, whatever this process was pointed at.
    environment = {
        "PLUMBLINE_DATA": str(folder),
        "ARTIFACTS_DIR": str(folder / "artifacts"),
        "DATABASE_URL": "",
        "REDIS_URL": "",
    }
    program = Program(
        name="plumbline",
        argv=management("up", "--data", str(folder), "--port", str(port)),
        environment=environment,
        stop_signal=SIGINT,
        stop_seconds=120.0,
    )
    say(f"Starting a server in {folder} ...")
    with (folder / "up.log").open("wb") as log:
        process = spawn(program, log)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_ready(url, process, folder / "up.log")
            yield Access(url, _admin_token(environment))
        except BaseException:
            say(f"The server's data and logs stay in {folder}.")
            raise
        finally:
            stop(process, program)
    shutil.rmtree(folder, ignore_errors=True)


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/readyz", timeout=5.0).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    said = log.read_text(errors="replace").strip().splitlines()[-5:]
    raise ServerFailed("The server did not get ready:\n" + "\n".join(said))


def _admin_token(environment: dict[str, str]) -> str:
    command = management("create_user", "simulator", "--role", "admin", "--token", "simulation")
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ServerFailed(f"No admin could be made: {done.stderr.strip().splitlines()[-1:]}")
    return str(json.loads(done.stdout.splitlines()[-1])["token"])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
