"""Child processes that never outlive their parent, and that end as a whole group."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
# Looked up here and not in the child: between fork and exec only system calls are safe.
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


@dataclass(frozen=True)
class Program:
    """A command and how it wants to be treated.

    ``stop_signal`` asks it to end in order; ``orphan_signal`` is what the kernel sends it (Linux) when its
    parent dies without stopping it. ``user`` is the system user to run as, or None for our own; ``nice`` is
    how far it stands back for others when cores are short.
    """

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    stop_signal: int = signal.SIGTERM
    orphan_signal: int = signal.SIGTERM
    stop_seconds: float = 15.0
    nice: int = 0


def spawn(
    program: Program,
    log: IO[bytes],
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: IO[bytes] | int | None = None,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start ``program`` in a process group of its own, tethered to the thread that calls this.

    What it says goes to ``log``, its standard output to ``stdout`` if that is given; it hears nothing
    unless ``stdin`` says otherwise. Raises :class:`OSError` when it cannot be started.
    """
    return subprocess.Popen(
        program.argv,
        stdin=stdin,
        stdout=log if stdout is None else stdout,
        stderr=log,
        cwd=cwd,
        env={**os.environ, **program.environment},
        user=program.user,
        group=program.user,
        extra_groups=[] if program.user else None,
        process_group=0,
        preexec_fn=_tether(program.orphan_signal, program.nice),
    )


def stop(process: subprocess.Popen[bytes], program: Program) -> None:
    """Ask the process to end, and see to it that it does."""
    ask_to_stop(process, program)
    see_it_stop(process, program)


def ask_to_stop(process: subprocess.Popen[bytes], program: Program) -> None:
    """Ask once: to many programs a second request means "at once"."""
    if process.poll() is None:
        process.send_signal(program.stop_signal)


def see_it_stop(process: subprocess.Popen[bytes], program: Program) -> None:
    """Wait for ``stop_seconds``, then end whatever is left of the process's group by force."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(program.stop_seconds)
    kill_group(process.pid)
    process.wait()


def kill_group(group: int) -> None:
    """SIGKILL to every process of a group; nothing if there is none left."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _tether(orphan_signal: int, nice: int) -> Callable[[], None]:
    parent = os.getpid()

    def in_child() -> None:
        if _prctl is not None:
            _prctl(_PR_SET_PDEATHSIG, orphan_signal, 0, 0, 0)
        os.nice(nice)
        if os.getppid() != parent:
            os._exit(1)

    return in_child
