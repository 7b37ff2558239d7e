"""Programs are kept running, and all of them end."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from annotate.processes import Program
from annotate.runtime.errors import RuntimeProblem
from annotate.runtime.supervisor import Supervisor
from tests.loop.house import wait_for

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
# A program with a child of its own, as a web server with several processes.
FAMILY = [
    sys.executable,
    "-c",
    "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])",
]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str]) -> Iterator[Supervisor]:
    supervisor = Supervisor(tmp_path, said.append)
    yield supervisor
    supervisor.kill()


def look_until(supervisor: Supervisor, condition: Callable[[], object], what: str) -> None:
    """Let the supervisor look after its programs until ``condition`` is true."""

    def looked() -> object:
        supervisor.look()
        return condition()

    wait_for(looked, what, seconds=20)


def gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_it_starts_again_what_was_killed(supervisor: Supervisor, said: list[str]) -> None:
    first = supervisor.start(Program("sleeper", SLEEP))
    supervisor.look()
    assert said == []
    first.kill()
    first.wait()
    look_until(supervisor, lambda: said, "the supervisor to notice")
    assert "sleeper ended (killed by signal 9); starting it again" in said[0]
    look_until(supervisor, lambda: supervisor.running("sleeper"), "a new sleeper")
    assert supervisor.running("sleeper") != first.pid


def test_it_waits_longer_each_time_for_what_ends_at_once(supervisor: Supervisor, said: list[str]) -> None:
    supervisor.start(Program("failing", [sys.executable, "-c", "raise SystemExit(3)"]))
    look_until(supervisor, lambda: len(said) >= 3, "three failures")
    assert [line.split(". Its log")[0] for line in said[:3]] == [
        "failing ended (exit code 3); starting it again",
        "failing ended (exit code 3); starting it again in 1 s",
        "failing ended (exit code 3); starting it again in 2 s",
    ]


def test_it_makes_a_program_ready_again_and_survives_that_it_cannot(
    supervisor: Supervisor, said: list[str]
) -> None:
    def prepare() -> Program:
        raise RuntimeProblem("the disk is full")

    process = supervisor.start(Program("server", SLEEP), prepare)
    process.kill()
    process.wait()
    look_until(supervisor, lambda: len(said) >= 2, "the second try")
    assert "server ended (the disk is full)" in said[1]


def test_it_stops_whole_families(supervisor: Supervisor) -> None:
    parent = psutil.Process(supervisor.start(Program("family", FAMILY)).pid)
    (child,) = wait_for(parent.children, "the child", seconds=10)
    supervisor.stop(["family"])
    assert gone(parent)
    wait_for(lambda: gone(child), "the child to end", seconds=10)


def test_it_ends_by_force_what_does_not_listen(supervisor: Supervisor) -> None:
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(600)"
    program = Program("deaf", [sys.executable, "-c", deaf], stop_seconds=0.2)
    process = supervisor.start(program)
    wait_for(lambda: supervisor.log_of("deaf").read_text(), "the program to begin", seconds=10)
    supervisor.stop(["deaf"])
    assert process.returncode == -signal.SIGKILL


def test_the_next_supervisor_ends_what_a_killed_one_left(tmp_path: Path, said: list[str]) -> None:
    """Without the kernel's help, too: a process in the same group as the recorded one is ended with it."""
    killed = Supervisor(tmp_path, said.append)
    left = psutil.Process(killed.start(Program("left", SLEEP)).pid)
    Supervisor(tmp_path, said.append).end_leftovers()
    left.wait(10)
    assert gone(left)


def test_it_lets_another_program_with_a_known_number_live(tmp_path: Path, said: list[str]) -> None:
    stranger = subprocess.Popen(SLEEP, process_group=0)
    try:
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "processes.json").write_text(f'{{"{stranger.pid}": 12345.0}}')
        Supervisor(tmp_path, said.append).end_leftovers()
        assert stranger.poll() is None
        assert not (tmp_path / "run" / "processes.json").exists()
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's own")
def test_programs_do_not_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from annotate.processes import Program;"
        "from annotate.runtime.supervisor import Supervisor;"
        f"s = Supervisor(Path({str(tmp_path)!r}), print);"
        f"p = s.start(Program('sleeper', {SLEEP!r})); print(p.pid, flush=True); time.sleep(600)"
    )
    owner = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    sleeper = psutil.Process(int(owner.stdout.readline()))
    owner.kill()
    owner.wait()
    wait_for(lambda: gone(sleeper), "the sleeper to end", seconds=10)
