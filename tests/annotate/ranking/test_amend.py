"""POST amend: another answer in the place of one's own, and what was said before is kept."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from annotate.accounts.models import User
from annotate.campaigns.services import update_campaign
from annotate.ranking.models import Annotation, Assignment, Comparison, Participation
from annotate.rounds.models import Round, RoundState
from tests.annotate.collecting import collecting_round, members_of
from tests.annotate.ranking.test_leases import client_of, lease
from tests.annotate.ranking.test_submissions import submit, undo

pytestmark = pytest.mark.django_db


def amend(user: User, uid: str, **fields: Any) -> tuple[int, dict[str, Any]]:
    body = {"client_id": str(uuid4()), "ranking": [0, 1], "gaps": [3], **fields}
    answer = client_of(user).post(f"/api/annotations/{uid}/amend", body, format="json")
    return answer.status_code, answer.json()


@pytest.fixture
def round() -> Round:
    return collecting_round(comparisons=2, members=2)


@pytest.fixture
def user(round: Round) -> User:
    return members_of(round)[0]


@pytest.fixture
def uid(round: Round, user: User) -> str:
    """An annotation that ranks position 1 first, by 2 levels."""
    assignment = lease(round, user)["assignments"][0]["uid"]
    return str(submit(user, assignment, active_seconds=10.0, rationale="It rhymes.")[1]["uid"])


def test_it_replaces_an_answer_and_keeps_what_was_said_before(user: User, uid: str) -> None:
    status, body = amend(user, uid, active_seconds=4.0)
    assert status == 201
    before, after = Annotation.objects.order_by("pk")
    assert (str(before.uid), str(after.uid)) == (uid, body["uid"])
    assert (before.withdrawn_at is not None, before.gaps, before.rationale) == (True, [2], "It rhymes.")
    assert (after.withdrawn_at, after.gaps, after.rationale) == (None, [3], "")
    assert after.amends == before
    assert after.ranking == before.ranking[::-1]
    assert after.active_seconds == 14.0


def test_it_changes_no_count(user: User, uid: str) -> None:
    progress = amend(user, uid)[1]["progress"]
    assert (progress["mine"], progress["done"]) == (1, 1)
    assert sorted(Comparison.objects.values_list("taken", "submitted")) == [(0, 0), (1, 1)]
    assert Participation.objects.get().submitted == 1
    assert Assignment.objects.get().state == "submitted"


def test_it_counts_a_repeated_change_once(user: User, uid: str) -> None:
    client_id = str(uuid4())
    first, again = (amend(user, uid, client_id=client_id) for _ in range(2))
    assert (first[0], again[0]) == (201, 200)
    assert first[1] == again[1]
    assert Annotation.objects.count() == 2


def test_it_amends_only_what_stands(user: User, uid: str) -> None:
    newer = amend(user, uid)[1]["uid"]
    assert amend(user, uid)[1]["detail"] == "This annotation no longer stands: it was amended or undone."
    assert amend(user, newer, gaps=[0])[0] == 201
    original = str(Annotation.objects.get(uid=uid).client_id)
    assert amend(user, newer, client_id=original)[0] == 409
    assert Annotation.objects.count() == 3


def test_it_answers_a_repeated_submit_as_before_though_it_was_amended(round: Round, user: User) -> None:
    assignment, client_id = lease(round, user)["assignments"][0]["uid"], str(uuid4())
    first = submit(user, assignment, client_id=client_id)
    change = str(uuid4())
    second = amend(user, first[1]["uid"], client_id=change)
    third = amend(user, second[1]["uid"])
    assert submit(user, assignment, client_id=client_id) == (200, first[1])
    assert amend(user, first[1]["uid"], client_id=change) == (200, second[1])
    undo(user, third[1]["uid"])
    assert Annotation.objects.filter(withdrawn_at=None).count() == 0


def test_it_undoes_an_amended_answer(round: Round, user: User, uid: str) -> None:
    newer = amend(user, uid)[1]["uid"]
    assert undo(user, uid)[0] == 409
    status, body = undo(user, newer)
    assert (status, body["gaps"]) == (200, [3])
    assert submit(user, body["assignment"]["uid"])[0] == 201
    assert Annotation.objects.filter(withdrawn_at=None).count() == 1


def test_it_holds_a_change_to_the_campaigns_task(round: Round, user: User, uid: str) -> None:
    update_campaign(campaign=round.campaign, task={"rationale": "required"})
    assert amend(user, uid)[0] == 400
    assert amend(user, uid, ranking=[0, 0])[0] == 400
    assert amend(user, uid, rationale="Warmer.", completions=[{"position": 0, "safe": True}])[0] == 400
    assert Annotation.objects.get().withdrawn_at is None
    assert amend(user, uid, rationale="Warmer.")[0] == 201


def test_it_refuses_changes_once_the_round_has_moved_on(user: User, uid: str) -> None:
    client_id = str(uuid4())
    newer = amend(user, uid, client_id=client_id)[1]["uid"]
    Round.objects.update(state=RoundState.TRAINING_REWARD)
    assert amend(user, uid, client_id=client_id) == (200, amend(user, uid, client_id=client_id)[1])
    status, body = amend(user, newer)
    assert (status, body["detail"]) == (409, "This round no longer collects annotations.")


def test_it_refuses_anothers_and_an_unknown_annotation(round: Round, user: User, uid: str) -> None:
    assert amend(members_of(round)[1], uid)[0] == 403
    assert amend(user, str(uuid4()))[0] == 404
    round.campaign.memberships.filter(user=user).delete()
    assert amend(user, uid)[0] == 403
