from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from training.contracts import ContractError
from training.process import StopFlag, Stopped, exclusive


def test_it_lets_one_process_at_a_time_into_a_work_directory(tmp_path: Path) -> None:
    with (
        exclusive(tmp_path),
        pytest.raises(ContractError, match=f"pid {os.getpid()}"),
        exclusive(tmp_path, wait_seconds=0),
    ):
        pass
    with exclusive(tmp_path, wait_seconds=0):
        pass


def test_it_frees_the_directory_of_a_killed_process(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib, signal; from training.process import exclusive\n"
        "with exclusive(pathlib.Path(sys.argv[1])): print('in', flush=True); signal.pause()"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"in\n"
        with pytest.raises(ContractError), exclusive(tmp_path, wait_seconds=0):
            pass
        process.kill()
    with exclusive(tmp_path, wait_seconds=5):
        pass


def test_it_stops_where_it_is_asked_to_after_a_signal() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    flag = StopFlag()
    flag.install()
    try:
        flag.check()
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Stopped):
            flag.check()
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])


def test_it_leaves_when_its_parent_dies() -> None:
    child = (
        "from training.process import watch_parent; import signal\n"
        "watch_parent(poll_seconds=0.05); print('watching', flush=True); signal.pause()"
    )
    parent = (
        "import signal, subprocess, sys\n"
        f"subprocess.Popen([sys.executable, '-c', {child!r}], stderr=subprocess.DEVNULL)\n"
        "signal.pause()"
    )
    # The grandchild holds the write end of the pipe open, so the pipe's end means that it has left.
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"watching\n"
        process.kill()
        assert process.stdout.read() == b""
