"""Supervising the process of one stage, from the claim to the recorded result."""

from __future__ import annotations

import logging
import os
import queue
import socket
import sys
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from celery.signals import worker_shutting_down
from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections

from annotate.loop import runs
from annotate.loop.jobs import JOB_FILE, log_file, stage_folder, stage_of
from annotate.loop.models import TrainingRun
from annotate.loop.process import StageProcess
from annotate.loop.results import record_result
from annotate.loop.telemetry import Telemetry
from annotate.text import storable
from training.contracts import ContractError

log = logging.getLogger(__name__)

STOPPING = threading.Event()
"""Set when this worker shuts down: its stages are stopped in good order and queued for the next one."""

AWAY = (OperationalError, InterfaceError)
PATIENCE_SECONDS = 600.0
"""How long a finished stage waits for a database that is away. After that the run is found by its silent
heartbeat; the next worker then finds the stage done and only records it."""
PATIENCE_STOPPING_SECONDS = 5.0
RETRY_SECONDS = 1.0
EXIT_STOPPED = 143


def supervise(run_id: int) -> None:
    """Run one stage's process to its end and record what came of it.

    1. Claim the run; whoever comes second has nothing to do.
    2. Start the process, and about every second write its progress and the run's heartbeat.
    3. A write that finds the claim gone (the run was cancelled, or given to another worker) stops the
       process, and nothing is recorded.
    4. Record the result, the failure, or that the process was lost, if the claim still holds.

    A database that is away for a while stops neither the process nor this.
    """
    claim = runs.claim(run_id=run_id, worker=_worker_name())
    if claim is None:
        log.info("Run %s is not waiting for a worker.", run_id)
        return
    run = TrainingRun.objects.select_related("round").get(pk=run_id)
    folder = stage_folder(run.round, stage_of(run))
    argv = [*_stage_command(), run.stage, str(folder / JOB_FILE), "--json"]
    try:
        with StageProcess(argv, log_file(run), settings.BASE_DIR, settings.STAGE_NICE) as process:
            conclude = _watch(process, claim, Telemetry(claim, run))
    except OSError as problem:
        sentence = f"The stage's process could not be started: {problem.strerror}: {problem.filename}."
        conclude = lambda: runs.fail(claim, error=sentence)  # noqa: E731 - the same shape as those of _watch
    _patiently(conclude)


def _watch(process: StageProcess, claim: runs.Claim, telemetry: Telemetry) -> Callable[[], Any]:
    """Follow the process until it ends or must be stopped; returns what is to be written then."""
    error = ""
    while True:
        until = time.monotonic() + settings.STAGE_HEARTBEAT_SECONDS
        while (left := until - time.monotonic()) > 0:
            try:
                line = process.read(left)
            except queue.Empty:
                break
            if line is None:
                _attempt(telemetry.write)
                return _conclusion(process, claim, error)
            error = str(line.get("error", error))
            telemetry.note(line)
        if _attempt(telemetry.write) is False:
            log.warning("Run %s is no longer ours; its process is stopped.", claim.run_id)
            return lambda: None
        if STOPPING.is_set():
            return lambda: runs.give_back(claim)


def _conclusion(process: StageProcess, claim: runs.Claim, error: str) -> Callable[[], Any]:
    code = process.exit_code()
    if code == 0:
        return lambda: _record(claim)
    if STOPPING.is_set():
        return lambda: runs.give_back(claim)
    if code < 0 or code == EXIT_STOPPED:
        # Killed from outside, for want of memory perhaps; what it had saved is resumed.
        return lambda: runs.lose(claim, reason=f"its process ended by signal {abs(code) % 128}")
    sentence = error or f"The stage ended with code {code}; its last words were: {process.last_words()}"
    return lambda: runs.fail(claim, error=storable(sentence))


def _record(claim: runs.Claim) -> None:
    try:
        recorded = record_result(claim)
    except AWAY:
        raise
    except Exception as problem:
        log.exception("The result of run %s cannot be recorded", claim.run_id)
        said = str(problem) if isinstance(problem, ContractError) else f"{type(problem).__name__}: {problem}"
        recorded = runs.fail(claim, error=f"The stage's result cannot be recorded: {storable(said)}")
    if not recorded:
        log.warning("Run %s is no longer ours; its result is not recorded.", claim.run_id)


def _attempt(write: Callable[[], bool]) -> bool | None:
    """What ``write`` says, or None while the database is away."""
    try:
        close_old_connections()
        return write()
    except AWAY as problem:
        log.warning("The database is away: %s", str(problem).strip())
        return None


def _patiently(write: Callable[[], Any]) -> None:
    """Do ``write``, again and again while the database is away."""
    began = time.monotonic()
    while True:
        try:
            close_old_connections()
            write()
            return
        except AWAY:
            patience = PATIENCE_STOPPING_SECONDS if STOPPING.is_set() else PATIENCE_SECONDS
            if time.monotonic() - began > patience:
                raise
            log.warning("The database is away; what came of a stage is written later.")
            time.sleep(RETRY_SECONDS)


def _stage_command() -> list[str]:
    return [*settings.STAGE_COMMAND] or [sys.executable, "-m", "training"]


def _on_shutdown(**_: object) -> None:
    STOPPING.set()


worker_shutting_down.connect(_on_shutdown)


def _worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:12]}"
