"""The heartbeat of the loop: look at the database and do the next step of every open round.

Nothing tells the loop that something happened; it looks, about every second. So a crash, a message that
came twice or two schedulers change nothing.
"""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone
from rest_framework.exceptions import APIException

from annotate.errors import Conflict
from annotate.loop.collecting import publish_collecting
from annotate.loop.runs import cancel_orphans, dispatch_waiting, requeue_lost
from annotate.loop.steps import STEPS
from annotate.ranking.queue import reclaim_expired
from annotate.rounds.models import Round, RoundState
from annotate.rounds.transitions import move

log = logging.getLogger(__name__)

_LOCK_SPACE = 0x504C  # "PL": the first half of the advisory lock's key; the second is the round


def advance_rounds() -> None:
    """Free expired leases, recover lost runs, and take every open round one step on."""
    try:
        reclaim_expired(now=timezone.now())
        cancel_orphans()
        requeue_lost()
        dispatch_waiting()
        for round_id in Round.objects.filter(state__in=STEPS).order_by("pk").values_list("pk", flat=True):
            advance_round(round_id)
    except (OperationalError, InterfaceError) as problem:
        log.warning("The database is away, the next look does the work: %s", str(problem).strip())


def advance_round(round_id: int) -> None:
    """Take one round one step on; does nothing while another process is at it.

    A step that cannot be done fails the round with the reason, for a person to put right and retry. Only
    a database that is away is left to the next look.
    """
    try:
        with transaction.atomic():
            if not _alone(round_id):
                return
            round = Round.objects.select_related("campaign", "start_policy").get(pk=round_id)
            state = RoundState(round.state)
            if state in STEPS:
                STEPS[state](round)
            if state == RoundState.COLLECTING:
                publish_collecting(round)
    except Conflict as moved_on:
        # A person was quicker; the next look sees what they did.
        log.info("Round %s: %s", round_id, moved_on)
    except (OperationalError, InterfaceError):
        raise
    except Exception as problem:
        log.exception("Round %s cannot go on", round_id)
        _fail(round_id, _sentence(problem))


def _alone(round_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_LOCK_SPACE, round_id])
        return bool(cursor.fetchone()[0])


def _fail(round_id: int, reason: str) -> None:
    round = Round.objects.get(pk=round_id)
    if round.state in STEPS:
        move(round=round, to=RoundState.FAILED, reason=reason)


def _sentence(problem: Exception) -> str:
    if isinstance(problem, APIException):
        return str(problem.detail)
    if isinstance(problem, OSError):
        # A write that finds no room does not know to which file it belongs; all of them lie there.
        where = problem.filename or settings.ARTIFACTS_DIR
        return f"A file could not be written or read: {problem.strerror or problem} ({where})."
    return f"An error inside Plumbline: {type(problem).__name__}: {problem}. The worker's log says more."
