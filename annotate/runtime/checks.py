"""What can be known to stop Plumbline before anything is started; each says it in one sentence."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from annotate.runtime.errors import RuntimeProblem

FREE_BYTES = 300 * 1024 * 1024


@contextmanager
def alone(data: Path) -> Iterator[None]:
    """Hold the data folder; the kernel lets go of it when this process ends, however it ends."""
    folder = data / "run"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = (folder / "up.lock").open("a+")
    except OSError as problem:
        raise RuntimeProblem(
            f"The data folder {data} cannot be written ({problem.strerror}): choose another with --data."
        ) from problem
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            handle.seek(0)
            raise RuntimeProblem(
                f"Plumbline already runs on {data} (process {handle.read().strip() or 'unknown'}): "
                "stop it first, or choose another folder with --data."
            ) from problem
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield


def require_port(host: str, port: int) -> None:
    """Raise when the address cannot be listened on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            raise RuntimeProblem(
                f"Port {port} of {host} cannot be used ({problem.strerror}): choose another with --port."
            ) from problem


def require_space(data: Path) -> None:
    """Raise when the disk is (almost) full: a database that cannot write does not start."""
    free = shutil.disk_usage(data).free
    if free < FREE_BYTES:
        raise RuntimeProblem(
            f"The disk of {data} is almost full ({free // 2**20} MB free): free at least "
            f"{FREE_BYTES // 2**20} MB, or choose another folder with --data."
        )
