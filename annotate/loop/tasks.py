"""Celery tasks: load, call, and nothing else. Their arguments are ids, and each may run twice."""

from __future__ import annotations

from celery import shared_task

from annotate.loop import advance, supervise
from annotate.loop.runs import SUPERVISE_TASK


@shared_task(name="loop.advance_rounds")
def advance_rounds() -> None:
    """The periodic step of the loop."""
    advance.advance_rounds()


@shared_task(name=SUPERVISE_TASK)
def supervise_run(run_id: int) -> None:
    """Run one stage's process to its end."""
    supervise.supervise(run_id)
