"""What a running Plumbline consists of, beside the database and the broker."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from annotate.processes import Program

BASE = Path(__file__).resolve().parent.parent.parent


def programs(
    *, host: str, port: int, web_processes: int, stage_slots: int, environment: Mapping[str, str]
) -> list[Program]:
    """The web server, the two workers and the clock.

    ``web_processes`` serve pages; ``stage_slots`` stages run at a time (each is a process of its own that
    trains; the worker's threads only watch them).
    """
    python = [sys.executable, "-m"]
    worker = [*python, "celery", "-A", "annotate", "worker", "--pool", "threads", "--loglevel", "INFO"]
    worker += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    web = [*python, "uvicorn", "annotate.asgi:application", "--host", host, "--port", str(port)]
    web += ["--workers", str(web_processes), "--no-access-log", "--timeout-graceful-shutdown", "5"]
    web += ["--proxy-headers", "--no-server-header", "--timeout-keep-alive", "75"]
    return [
        Program("web", web, environment),
        Program("control", [*worker, "-Q", "control", "-c", "2", "-n", "control@%h"], environment),
        Program(
            "stages",
            [*worker, "-Q", "stages", "-c", str(stage_slots), "-n", "stages@%h"],
            environment,
            # It tells its stages to save and end, and waits for them.
            stop_seconds=40.0,
        ),
        Program("beat", [*python, "celery", "-A", "annotate", "beat", "--loglevel", "WARNING"], environment),
    ]


def chat_program(environment: Mapping[str, str]) -> Program:
    """The driver of the replies in chat campaigns."""
    return Program("chat", management("chat"), environment)


def management(*arguments: str) -> list[str]:
    """The command line of a management command."""
    return [sys.executable, str(BASE / "manage.py"), *arguments]
