"""Who gets what next: the statements that hand out comparisons and take back what was abandoned.

Locks are always taken in this order, so that nobody waits in a circle: the round (shared), one's own
:class:`Participation`, one's own assignment, a comparison. Handing out never waits for a comparison: it
skips those that another transaction holds. Only :data:`RECLAIM` locks other people's assignments; it skips
the ones that are in use.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from annotate.ranking.models import Participation

# The comparison ``c`` is open to a person: a slot is free, and they do not hold it nor had their say on it.
# A scalar subquery is looked up row by row; NOT EXISTS may be planned as a join with all they ever did.
OPEN_TO_PERSON = """
    c.round_id = %(round)s AND c.taken < c.overlap AND c.retired_at IS NULL
    AND coalesce((
        SELECT mine.state FROM ranking_assignment mine
        WHERE mine.comparison_id = c.id AND mine.annotator_id = %(person)s
    ), 'expired') = 'expired'
"""

# An expired assignment that its person is offered again keeps its order.
CLAIM = f"""
    WITH picked AS (
        SELECT c.id, c.position FROM ranking_comparison c
        WHERE {OPEN_TO_PERSON} AND c.position > %(cursor)s
        ORDER BY c.position LIMIT %(slots)s
        FOR UPDATE OF c SKIP LOCKED
    ), taken AS (
        UPDATE ranking_comparison c SET taken = c.taken + 1 FROM picked WHERE c.id = picked.id
    ), leased AS (
        INSERT INTO ranking_assignment
            (uid, comparison_id, annotator_id, state, "order", leased_at, deadline, skip_reason)
        SELECT gen_random_uuid(), picked.id, %(person)s, 'leased', (
            SELECT array_agg(k.index ORDER BY random()) FROM ranking_completion k
            WHERE k.comparison_id = picked.id
        ), %(now)s, %(deadline)s, ''
        FROM picked
        ON CONFLICT (comparison_id, annotator_id)
        DO UPDATE SET state = 'leased', leased_at = %(now)s, deadline = %(deadline)s
    ), moved AS (
        UPDATE ranking_participation SET cursor = (SELECT max(position) FROM picked)
        WHERE id = %(participation)s AND EXISTS (SELECT 1 FROM picked)
    )
    SELECT count(*) FROM picked
"""  # noqa: S608 - only a constant is put in

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


def lease_deadline(now: datetime) -> datetime:
    """Until when a lease that is given or extended now is held."""
    return now + timedelta(minutes=settings.LEASE_MINUTES)


def hold_participation(*, round_id: int, annotator_id: int) -> Participation:
    """One's part in a round, made if need be and locked until the transaction ends."""
    rows = Participation.objects.raw(
        """
        INSERT INTO ranking_participation (round_id, annotator_id, cursor, submitted)
        VALUES (%s, %s, -1, 0)
        ON CONFLICT (round_id, annotator_id) DO UPDATE SET cursor = ranking_participation.cursor
        RETURNING *
        """,
        [round_id, annotator_id],
    )
    return rows[0]


def claim(*, participation: Participation, slots: int, now: datetime) -> None:
    """Lease up to ``slots`` more comparisons to a person whose participation is locked.

    Goes on from where the person is, and round again from the start for what was skipped over there
    because somebody held it, or was given back since.
    """
    for start in dict.fromkeys((participation.cursor, -1)):
        parameters: dict[str, int | datetime] = {
            "round": participation.round_id,
            "person": participation.annotator_id,
            "participation": participation.pk,
            "cursor": start,
            "slots": slots,
            "now": now,
            "deadline": lease_deadline(now),
        }
        with connection.cursor() as cursor:
            cursor.execute(CLAIM, parameters)
            slots -= cursor.fetchone()[0]
        if slots == 0:
            return


def reclaim_expired(*, now: datetime) -> int:
    """Free the slots of leases whose deadline has passed; returns how many comparisons gained slots.

    Takes at most 500 leases a call, oldest first; may be called by anybody at any time.
    """
    with connection.cursor() as cursor:
        cursor.execute(RECLAIM, {"now": now})
        return int(cursor.rowcount)
