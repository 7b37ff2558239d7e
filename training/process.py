"""What a stage needs of the operating system: one process a work directory, and leaving when told to."""

from __future__ import annotations

import fcntl
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from training.contracts import ContractError

LOCK_FILE = "lock"
LOCK_WAIT_SECONDS = 10.0
EXIT_STOPPED = 143
"""The exit code of a stage that was told to stop: 128 + SIGTERM."""


def shards_weights() -> bool:
    """Whether ``accelerate launch --use_fsdp`` started this, to cut weights up among several processes.

    Raises :class:`ContractError` for its version 1, which is the launcher's default.
    """
    if os.environ.get("ACCELERATE_USE_FSDP") != "true" or int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return False
    if os.environ.get("FSDP_VERSION", "2") != "2":
        raise ContractError("Weights are sharded by FSDP2 only: pass --fsdp_version 2 to accelerate launch.")
    return True


class Stopped(Exception):
    """The stage was told to stop; what it had done is saved."""


class Deserted(Exception):
    """Another process that trained the same model has ended; the text says which, and what to do."""


class StopFlag:
    """Set by SIGTERM or SIGINT; loops ask it at points where their state is whole."""

    def __init__(self) -> None:
        self.requested = False

    def install(self) -> None:
        """Take over SIGTERM and SIGINT; a second one ends the process at once."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            os._exit(EXIT_STOPPED)
        self.requested = True

    def check(self) -> None:
        """Raise :class:`Stopped` if the stage was told to stop."""
        if self.requested:
            raise Stopped


def watch_parent(grace_seconds: float = 30.0, poll_seconds: float = 1.0) -> None:
    """Stop this process when the one that started it is gone, so that no orphan trains on.

    It is told to stop by SIGTERM first, and ended ``grace_seconds`` later if it has not.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(poll_seconds)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(grace_seconds)
        os._exit(EXIT_STOPPED)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


@contextmanager
def exclusive(work: Path, wait_seconds: float = LOCK_WAIT_SECONDS) -> Iterator[None]:
    """Hold the work directory alone; the kernel lets go of it when the process ends, however it ends.

    Raises :class:`ContractError` when another process still holds it after ``wait_seconds``.
    """
    work.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + wait_seconds
    with (work / LOCK_FILE).open("a+") as handle:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as problem:
                if time.monotonic() >= deadline:
                    handle.seek(0)
                    raise ContractError(
                        f"Another process ({handle.read().strip() or 'unknown'}) is working in {work}."
                    ) from problem
                time.sleep(0.1)
        handle.truncate(0)
        handle.write(f"pid {os.getpid()}")
        handle.flush()
        yield
