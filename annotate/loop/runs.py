"""What may happen to a run's row. Every change is a compare-and-set, so a second actor changes nothing.

A worker holds a run while ``state`` is running and both ``attempt`` and ``worker`` are its own: the
:class:`Claim`. When its heartbeat was late the run may have gone to another; then nothing that it writes
takes effect any more.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from kombu.exceptions import OperationalError as BrokerAway

from annotate.celery import app
from annotate.live.events import publish, round_topic
from annotate.loop.jobs import write_job
from annotate.loop.models import LIVE, RunState, TrainingRun
from annotate.loop.shapes import run_shape
from annotate.rounds.models import ENDED, Round
from training.contracts import Stage

log = logging.getLogger(__name__)

SUPERVISE_TASK = "loop.supervise_run"
MAX_LOSSES = 5
"""A run that loses its process this often is not unlucky: it is out of memory, or worse."""
DISPATCH_AGAIN = timedelta(seconds=30)


@dataclass(frozen=True)
class Claim:
    """The right of one worker to write to a run."""

    run_id: int
    attempt: int
    worker: str

    def rows(self) -> QuerySet[TrainingRun]:
        """The run's row if this worker still holds it, else nothing."""
        return TrainingRun.objects.filter(
            pk=self.run_id, state=RunState.RUNNING, attempt=self.attempt, worker=self.worker
        )


def newest_run(round: Round, stage: Stage) -> TrainingRun | None:
    """The last run of a stage in a round."""
    return round.runs.filter(stage=stage).order_by("-pk").first()


def queue_run(*, round: Round, stage: Stage) -> TrainingRun:
    """A new run of a stage; a worker is told of it once it is committed."""
    job = write_job(round=round, stage=stage)
    run = TrainingRun.objects.create(round=round, stage=stage, job=asdict(job))
    run.refresh_from_db()
    announce(run)
    transaction.on_commit(lambda: dispatch(run.pk))
    return run


def dispatch(run_id: int) -> None:
    """Tell a worker of a queued run. It may be told twice; what counts is the claim."""
    TrainingRun.objects.filter(pk=run_id).update(dispatched_at=Now())
    try:
        app.send_task(SUPERVISE_TASK, args=[run_id], queue="stages")
    except BrokerAway as problem:
        log.warning("The broker is away, run %s is told of again later: %s", run_id, problem)


def dispatch_waiting() -> None:
    """Tell again of runs that have waited long: the broker keeps nothing when it is killed."""
    waiting = TrainingRun.objects.filter(state=RunState.QUEUED)
    for run in waiting.filter(Q(dispatched_at=None) | Q(dispatched_at__lt=Now() - DISPATCH_AGAIN)):
        dispatch(run.pk)


def claim(*, run_id: int, worker: str) -> Claim | None:
    """Take up a queued run; None when it is not waiting (any more)."""
    with transaction.atomic():
        taken = TrainingRun.objects.filter(pk=run_id, state=RunState.QUEUED).update(
            state=RunState.RUNNING,
            attempt=F("attempt") + 1,
            worker=worker,
            heartbeat_at=Now(),
            started_at=Now(),
            progress={},
        )
        if not taken:
            return None
        run = TrainingRun.objects.get(pk=run_id)
        announce(run)
    return Claim(run.pk, run.attempt, worker)


def give_back(claim: Claim) -> bool:
    """Queue the run again for the next worker, in good order; False when the claim is lost."""
    return _queue_again(claim.rows(), losses=0)


def lose(claim: Claim, *, reason: str) -> bool:
    """Queue the run again after its process was lost, or fail it when that happened too often."""
    return _lost(claim.rows(), reason)


def requeue_lost() -> None:
    """Queue the runs whose worker has not been heard of; it may be dead, or only cut off."""
    silent_since = Now() - timedelta(seconds=settings.STAGE_STALE_SECONDS)
    silent = TrainingRun.objects.filter(state=RunState.RUNNING, heartbeat_at__lt=silent_since)
    for run_id in silent.values_list("pk", flat=True):
        if _lost(silent.filter(pk=run_id), "its worker was not heard of any more"):
            log.warning("Run %s lost its worker and is queued again.", run_id)


def cancel_orphans() -> None:
    """End what still waits or runs for rounds that have ended; supervisors see it and stop their process."""
    for run in TrainingRun.objects.filter(state__in=LIVE, round__state__in=ENDED):
        end(TrainingRun.objects.filter(pk=run.pk, state__in=LIVE), state=RunState.CANCELLED)


def fail(claim: Claim, *, error: str) -> bool:
    """Record that the stage failed, and why; False when the claim is lost."""
    return end(claim.rows(), state=RunState.FAILED, error=error)


def end(rows: QuerySet[TrainingRun], *, state: RunState, **changes: Any) -> bool:
    """End the run in ``rows`` if it is still there; False when it is not."""
    with transaction.atomic():
        run = rows.select_for_update().first()
        if run is None:
            return False
        TrainingRun.objects.filter(pk=run.pk).update(state=state, ended_at=Now(), **changes)
        run.refresh_from_db()
        announce(run)
    return True


def announce(run: TrainingRun) -> None:
    """Tell the round's page how the run stands."""
    publish(topic=round_topic(run.round_id), kind="run", payload={"run": run_shape(run)})


def _lost(rows: QuerySet[TrainingRun], reason: str) -> bool:
    run = rows.first()
    if run is None:
        return False
    if run.losses + 1 < MAX_LOSSES:
        return _queue_again(rows, losses=1)
    return end(rows, state=RunState.FAILED, error=f"The stage was lost {MAX_LOSSES} times; at last {reason}.")


def _queue_again(rows: QuerySet[TrainingRun], *, losses: int) -> bool:
    with transaction.atomic():
        run = rows.select_for_update().first()
        if run is None:
            return False
        run.state, run.worker, run.losses = RunState.QUEUED, "", run.losses + losses
        run.save(update_fields=["state", "worker", "losses"])
        announce(run)
        transaction.on_commit(lambda: dispatch(run.pk))
    return True
