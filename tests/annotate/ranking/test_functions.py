"""The SQL functions as such: in place, planned through indexes, saying what the API's description says."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.db import DEFAULT_DB_ALIAS, connection
from django.utils import timezone

from annotate.errors import Conflict
from annotate.ranking import functions
from annotate.ranking.answers import Answer
from annotate.ranking.leases import lease
from annotate.ranking.models import Annotation, Assignment, Comparison
from annotate.ranking.serializers import LeasedSerializer, SubmittedSerializer
from annotate.ranking.submissions import submit
from tests.annotate.collecting import collecting_round, members_of
from tests.annotate.ranking.test_leases import client_of
from tests.annotate.ranking.test_leases import lease as ask

pytestmark = pytest.mark.django_db


def test_what_is_answered_is_what_the_serializers_describe() -> None:
    round = collecting_round(comparisons=3, k=4)
    (user,) = members_of(round)
    ask(round, user, want=3)
    Assignment.objects.filter(comparison__position=1).update(
        draft={"order": [1, 0]}, draft_version=4, draft_at=timezone.now()
    )
    said = ask(round, user, want=3)
    tasks, progress = lease(campaign_id=round.campaign_id, user=user, want=3)
    assert said == LeasedSerializer({"assignments": tasks, "progress": progress}).data
    body = {"client_id": str(uuid4()), "ranking": [3, 1, 2, 0], "gaps": [1, None, 3]}
    answer = client_of(user).post(f"/api/assignments/{tasks[0].uid}/submit", body, format="json").json()
    assert set(answer) == set(SubmittedSerializer().fields)
    assert set(answer["progress"]) == set(said["progress"])


def test_they_can_be_put_in_place_again_under_a_connection_that_uses_them() -> None:
    round = collecting_round(comparisons=2)
    (user,) = members_of(round)
    first = ask(round, user)
    functions.install(using=DEFAULT_DB_ALIAS)
    assert ask(round, user)["assignments"] == first["assignments"]


def test_the_next_comparison_is_found_through_the_index_without_statistics() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc, proconfig FROM pg_proc WHERE proname = 'ranking_next'")
        source, own_settings = cursor.fetchone()
        body = re.search(r"BEGIN\s+(SELECT.*?);", source, re.DOTALL)
        assert body
        statement = body[1].replace("INTO id, at_place", "")
        for name in ("the_round", "person", "place"):
            statement = re.sub(rf"\b{name}\b", "1", statement)
        for setting in own_settings:
            cursor.execute(f"SET LOCAL {setting.replace('=', ' = ')}")
        cursor.execute(f"EXPLAIN {statement}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Scan using comparison_queue" in plan
    assert "using never_twice_to_one_person" in plan
    assert "Sort" not in plan


def test_a_repetition_is_not_judged_anew() -> None:
    round = collecting_round(comparisons=1)
    (user,) = members_of(round)
    uid = ask(round, user)["assignments"][0]["uid"]
    client_id = uuid4()
    first = submit(user=user, uid=uid, client_id=client_id, answer=Answer([1, 0], [None]))
    again = submit(user=user, uid=uid, client_id=client_id, answer=Answer([7, 7, 7], []))
    assert (again[0], first[2], again[2]) == (first[0], True, False)
    assert Annotation.objects.get().gaps == [None]


def test_it_leases_round_again_from_the_start_of_the_queue() -> None:
    round = collecting_round(comparisons=3, members=2)
    user, other = members_of(round)
    uid = ask(round, user)["assignments"][0]["uid"]
    theirs = ask(round, other, want=2)["assignments"]
    submit(user=user, uid=uid, client_id=uuid4(), answer=Answer([0, 1], [1]))
    assert ask(round, user)["assignments"] == []
    # The other's leases run out: what lies before one's own place in the queue is found too.
    Assignment.objects.filter(annotator=other).update(deadline=timezone.now())
    found = ask(round, user, want=3)["assignments"]
    assert len(found) == len(theirs) == 2
    assert list(Comparison.objects.order_by("position").values_list("taken", flat=True)) == [1, 1, 1]


def test_it_refuses_an_answer_where_the_last_slot_went_to_somebody_else() -> None:
    round = collecting_round(comparisons=1, members=2)
    user, other = members_of(round)
    uid = ask(round, user)["assignments"][0]["uid"]
    Assignment.objects.update(state="expired")
    Comparison.objects.update(taken=0)
    ask(round, other)
    with pytest.raises(Conflict, match="somebody else has taken"):
        submit(user=user, uid=uid, client_id=uuid4(), answer=Answer([0, 1], [1]))
    assert not Annotation.objects.exists()
    assert Comparison.objects.get().taken == 1
