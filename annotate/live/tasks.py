"""The event log's one periodic task."""

from __future__ import annotations

from celery import shared_task

from annotate.live.events import forget_old


@shared_task(name="live.forget_old")
def forget_old_events() -> None:
    """Drop the events that nobody will ask for."""
    forget_old()
