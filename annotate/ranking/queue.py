"""Who gets what next, for what is not a function in ``sql/``: one's part in a round, and abandoned leases.

Locks are always taken in this order, so that nobody waits in a circle: the round (shared), one's own
:class:`Participation`, one's own assignment, a comparison. Handing out never waits for a comparison: it
skips those that another transaction holds. Only :data:`RECLAIM` locks other people's assignments; it skips
the ones that are in use.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from annotate.ranking import functions

# The comparisons are locked by id, so that two reclaimers cannot wait for each other.
RECLAIM = """
    WITH dead AS (
        SELECT id, comparison_id FROM ranking_assignment
        WHERE state = 'leased' AND deadline <= %(now)s
        ORDER BY deadline LIMIT 500
        FOR UPDATE SKIP LOCKED
    ), expired AS (
        UPDATE ranking_assignment a SET state = 'expired' FROM dead WHERE a.id = dead.id
    ), freed AS (
        SELECT c.id, slots.n FROM ranking_comparison c
        JOIN (SELECT comparison_id, count(*) AS n FROM dead GROUP BY comparison_id) slots
            ON slots.comparison_id = c.id
        ORDER BY c.id FOR UPDATE OF c
    )
    UPDATE ranking_comparison c SET taken = c.taken - freed.n FROM freed WHERE c.id = freed.id
"""


def hold() -> timedelta:
    """For how long a lease that is given or extended is held."""
    return timedelta(minutes=settings.LEASE_MINUTES)


def lease_deadline(now: datetime) -> datetime:
    """Until when a lease that is given now is held."""
    return now + hold()


def hold_participation(*, round_id: int, annotator_id: int) -> None:
    """Lock one's part in a round until the transaction ends; it is made if need be."""
    functions.call("ranking_hold_part", round_id, annotator_id)


def reclaim_expired(*, now: datetime) -> int:
    """Free the slots of leases whose deadline has passed; returns how many comparisons gained slots.

    Takes at most 500 leases a call, oldest first; may be called by anybody at any time.
    """
    with connection.cursor() as cursor:
        cursor.execute(RECLAIM, {"now": now})
        return int(cursor.rowcount)
