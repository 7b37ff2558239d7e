"""What "next" costs in a queue of a given length: the time of a lease in the database, and its plan."""

from __future__ import annotations

import re
import statistics
import time
from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from annotate.accounts.models import User
from annotate.database.statements import row_of
from annotate.ranking.models import Participation
from annotate.rounds.models import Round

_LEASE = "SELECT ranking_lease(%s, %s, 1, %s)::text"
_PLACES = {"start": 0.0, "middle": 0.5, "end": 0.99}


def cost_of_next(round: Round, people: list[User], comparisons: int) -> dict[str, Any]:
    """Milliseconds of a person's first lease at the start, in the middle and near the end of the queue, one
    after another over one connection; and the plan of the search, with what it read."""
    share = len(people) // len(_PLACES)
    found: dict[str, Any] = {"comparisons": comparisons, "lease_ms": {}}
    for number, (name, place) in enumerate(_PLACES.items()):
        group = people[number * share : (number + 1) * share]
        position = int(comparisons * place) - 1
        Participation.objects.bulk_create(
            Participation(round=round, annotator=person, cursor=position) for person in group
        )
        times = [_lease(round, person) for person in group]
        # The first ones fill the caches and make the plan.
        found["lease_ms"][name] = statistics.median(times[len(times) // 5 :])
    found |= _plan(round, people[0], comparisons // 2)
    _give_back(round)
    return found


def _lease(round: Round, person: User) -> float:
    began = time.perf_counter()
    row_of(_LEASE, round.campaign_id, person.pk, timedelta(minutes=20))
    return (time.perf_counter() - began) * 1e3


def _plan(round: Round, person: User, place: int) -> dict[str, Any]:
    """EXPLAIN (ANALYZE, BUFFERS) of the very statement of ``ranking_next``, planned as it plans it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'ranking_next'")
        body = re.search(r"BEGIN\s+(SELECT.*?);", cursor.fetchone()[0], re.DOTALL)
        assert body
        statement = body[1].replace("INTO id, at_place", "")
        for number, name in enumerate(("the_round", "person", "place"), start=1):
            statement = re.sub(rf"\b{name}\b", f"${number}", statement)
        for setting in (
            "plan_cache_mode = force_generic_plan",
            "enable_seqscan = off",
            "enable_bitmapscan = off",
        ):
            cursor.execute(f"SET LOCAL {setting}")
        cursor.execute(f"PREPARE next (bigint, bigint, int) AS {statement}")
        execute = f"EXECUTE next ({round.pk}, {person.pk}, {place})"
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {execute}")
        text = [line for (line,) in cursor.fetchall()]
        cursor.execute("DEALLOCATE next")
    pages = re.search(r"Buffers: shared(?: hit=(\d+))?(?: read=(\d+))?", text[1])
    milliseconds = re.search(r"Execution Time: ([\d.]+)", text[-1])
    assert pages
    assert milliseconds
    buffers = sum(int(number) for number in pages.groups() if number)
    return {"plan": text, "buffers": buffers, "next_ms": float(milliseconds[1])}


def _give_back(round: Round) -> None:
    """Leave the queue as it was, for what is measured next."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM ranking_assignment WHERE comparison_id IN "
            "(SELECT id FROM ranking_comparison WHERE round_id = %s AND taken > 0)",
            [round.pk],
        )
        cursor.execute(
            "UPDATE ranking_comparison SET taken = 0 WHERE round_id = %s AND taken > 0", [round.pk]
        )
        cursor.execute("DELETE FROM ranking_participation WHERE round_id = %s", [round.pk])
