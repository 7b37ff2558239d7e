"""After the load, in SQL: nothing lost, nothing twice, nothing beyond what was wanted."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

# Each counts what must not be.
_FAULTS = {
    "comparisons with more annotations than wanted": """
        SELECT count(*) FROM (
            SELECT c.id FROM ranking_comparison c JOIN ranking_assignment a ON a.comparison_id = c.id
            JOIN ranking_annotation n ON n.assignment_id = a.id AND n.withdrawn_at IS NULL
            WHERE c.round_id = %(round)s GROUP BY c.id, c.overlap HAVING count(*) > c.overlap
        ) over_collected""",
    "comparisons whose counters are wrong": """
        SELECT count(*) FROM ranking_comparison c JOIN (
            SELECT a.comparison_id, count(*) FILTER (WHERE a.state = 'submitted') AS submitted,
                   count(*) FILTER (WHERE a.state IN ('leased', 'submitted')) AS taken
            FROM ranking_assignment a GROUP BY a.comparison_id
        ) real ON real.comparison_id = c.id
        WHERE c.round_id = %(round)s AND (c.submitted, c.taken) <> (real.submitted, real.taken)""",
    "comparisons ranked twice by one person": """
        SELECT count(*) FROM (
            SELECT a.comparison_id FROM ranking_annotation n
            JOIN ranking_assignment a ON a.id = n.assignment_id
            JOIN ranking_comparison c ON c.id = a.comparison_id
            WHERE n.withdrawn_at IS NULL AND c.round_id = %(round)s
            GROUP BY a.comparison_id, a.annotator_id HAVING count(*) > 1
        ) twice""",
    "people whose own count is wrong": """
        SELECT count(*) FROM ranking_participation p WHERE p.round_id = %(round)s AND p.submitted <> (
            SELECT count(*) FROM ranking_assignment a JOIN ranking_comparison c ON c.id = a.comparison_id
            WHERE a.annotator_id = p.annotator_id AND c.round_id = p.round_id AND a.state = 'submitted'
        )""",
    "annotations that were accepted and are not there": """
        SELECT count(*) FROM unnest(%(accepted)s::uuid[]) told
        WHERE NOT EXISTS (SELECT 1 FROM ranking_annotation n WHERE n.uid = told)""",
    "annotations that nobody was told of": """
        SELECT count(*) FROM ranking_annotation n JOIN ranking_assignment a ON a.id = n.assignment_id
        JOIN ranking_comparison c ON c.id = a.comparison_id
        WHERE c.round_id = %(round)s AND n.uid <> ALL (%(accepted)s::uuid[])""",
}


def faults(*, round_id: int, accepted: Sequence[UUID]) -> dict[str, int]:
    """How many there are of each fault; all zero when the queue holds."""
    found = {}
    with connection.cursor() as cursor:
        for name, statement in _FAULTS.items():
            cursor.execute(statement, {"round": round_id, "accepted": list(accepted)})
            found[name] = int(cursor.fetchone()[0])
    return found
