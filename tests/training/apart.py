"""Stages in processes of their own, to be killed, which need not each spend seconds on importing torch.

They are forked from a server that has imported it, and then are ``python -m training STAGE JOB --json``.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import runpy
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from multiprocessing.connection import Connection
from pathlib import Path
from signal import Signals
from types import TracebackType
from typing import Any, Self

import torch
from accelerate.commands.launch import launch_command_parser
from accelerate.utils.launch import prepare_multi_gpu_env

PATIENCE = 300.0
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["training.adapters", "training.engine"])


class StageApart:
    """A stage at work. What it says can be followed; when the ``with`` block ends it has ended.

    ``module`` is what runs it instead of ``training``.
    """

    def __init__(
        self, job: Path, environment: Mapping[str, str] | None = None, module: str = "training"
    ) -> None:
        read, write = _FORKS.Pipe(duplex=False)
        self._process = _FORKS.Process(target=_work, args=(str(job), write, dict(environment or {}), module))
        self._process.start()
        write.close()
        self._said = open(os.dup(read.fileno()), encoding="utf-8")  # noqa: SIM115 - closed at the block's end
        read.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._process.kill()
        self.end()
        self._said.close()

    def signal_at(self, phase: str, step: int, number: Signals) -> None:
        """Send a signal as soon as the stage says that it has come so far."""
        self.come_to(phase, step)
        self.signal(number)

    def come_to(self, phase: str, step: int) -> None:
        """Wait until the stage says that it has come so far."""
        for line in self._said:
            told = json.loads(line)
            if told.get("phase") == phase and told["step"] >= step:
                return
        raise AssertionError(f"It ended with code {self.end()} before step {step} of {phase}.")

    def signal(self, number: Signals) -> None:
        """Send a signal now."""
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    def rest(self) -> list[dict[str, Any]]:
        """What it says from here to its end."""
        return [json.loads(line) for line in self._said]

    def end(self) -> int:
        """Wait for its end; returns the exit code, or minus the signal that ended it."""
        self._process.join(PATIENCE)
        code = self._process.exitcode
        if code is None:
            self._process.kill()
            raise AssertionError(f"It did not end within {PATIENCE:.0f} s.")
        return code


def finish(job: Path) -> list[dict[str, Any]]:
    """Run a stage to its end in a process of its own; returns what it said."""
    with StageApart(job) as stage:
        told = stage.rest()
        assert stage.end() == 0, told
    return told


def together(job: Path, processes: int, *how: str, module: str = "training") -> list[dict[str, Any]]:
    """Run a stage in several processes with what ``accelerate launch`` tells them; what the first said."""
    with ExitStack() as running:
        ranks = launched(processes, *how, module=module)
        first, *_ = [running.enter_context(StageApart(job, own, module)) for own in ranks]
        return first.rest()


def launched(processes: int, *how: str, module: str = "training") -> list[dict[str, str]]:
    """What ``accelerate launch`` tells each of several processes, by environment variables."""
    words = ["--num_processes", str(processes), "--num_machines", "1", "--mixed_precision", "no"]
    words += ["--dynamo_backend", "no", "--num_cpu_threads_per_process", "1", "--main_process_port", "0"]
    arguments = launch_command_parser().parse_args([*words, *how, module])
    told = {
        **prepare_multi_gpu_env(arguments),
        "ACCELERATE_USE_CPU": "true",
        "WORLD_SIZE": str(processes),
        "LOCAL_WORLD_SIZE": str(processes),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(arguments.main_process_port),
    }
    return [{**told, "RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(processes)]


def _work(job: str, out: Connection, environment: dict[str, str], module: str) -> None:
    os.environ.update(environment)
    os.dup2(out.fileno(), 1)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8")
    torch.set_num_threads(1)
    sys.argv = [module, json.loads(Path(job).read_text())["stage"], job, "--json"]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
