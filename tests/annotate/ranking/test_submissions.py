"""POST submit and undo."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from annotate.accounts.models import User
from annotate.campaigns.services import update_campaign
from annotate.ranking.models import Annotation, Assignment, Comparison, Participation
from annotate.ranking.progress import collecting_counts, is_collected
from annotate.rounds.models import Round, RoundState
from tests.annotate.collecting import collecting_round, members_of
from tests.annotate.ranking.test_leases import client_of, expire_leases, lease, skip

pytestmark = pytest.mark.django_db
GOOD: dict[str, Any] = {"ranking": [1, 0], "gaps": [2]}


def submit(user: User, uid: str, **fields: Any) -> tuple[int, dict[str, Any]]:
    body = {"client_id": str(uuid4()), **GOOD, **fields}
    answer = client_of(user).post(f"/api/assignments/{uid}/submit", body, format="json")
    return answer.status_code, answer.json()


def undo(user: User, uid: str) -> tuple[int, dict[str, Any]]:
    answer = client_of(user).post(f"/api/annotations/{uid}/undo")
    return answer.status_code, answer.json()


@pytest.fixture
def round() -> Round:
    return collecting_round(comparisons=2, members=2)


def test_it_stores_the_ranking_in_terms_of_completions() -> None:
    round = collecting_round(comparisons=1, k=4)
    (user,) = members_of(round)
    uid = lease(round, user)["assignments"][0]["uid"]
    Assignment.objects.update(order=[2, 0, 3, 1])
    status, body = submit(
        user, uid, ranking=[3, 0, 1, 2], gaps=[3, None, 0], rationale="It rhymes.", active_seconds=12.5
    )
    assert status == 201
    annotation = Annotation.objects.get(uid=body["uid"])
    # Positions 3, 0, 1, 2 showed completions 1, 2, 0, 3.
    assert (annotation.ranking, annotation.gaps) == ([1, 2, 0, 3], [3, None, 0])
    assert (annotation.rationale, annotation.active_seconds) == ("It rhymes.", 12.5)
    assert (body["progress"]["done"], body["progress"]["mine"], body["progress"]["wanted"]) == (1, 1, 1)
    assert is_collected(round_id=round.pk)


def test_it_counts_a_repeated_submit_once(round: Round) -> None:
    user, _ = members_of(round)
    uid = lease(round, user)["assignments"][0]["uid"]
    client_id = str(uuid4())
    first = submit(user, uid, client_id=client_id)
    again = submit(user, uid, client_id=client_id)
    assert (first[0], again[0]) == (201, 200)
    assert first[1] == again[1]
    # Even with another body, or after the round has moved on: what was recorded stands.
    Round.objects.update(state=RoundState.TRAINING_REWARD)
    assert submit(user, uid, client_id=client_id, ranking=[0, 1])[0] == 200
    assert Annotation.objects.get().ranking == Annotation.objects.get(uid=first[1]["uid"]).ranking
    assert collecting_counts(round_id=round.pk)["submitted"] == 1


def test_it_refuses_a_second_answer_to_one_comparison(round: Round) -> None:
    user, _ = members_of(round)
    uid = lease(round, user)["assignments"][0]["uid"]
    assert submit(user, uid)[0] == 201
    status, body = submit(user, uid)
    assert (status, body["detail"]) == (409, "You have ranked this comparison already.")


@pytest.mark.parametrize(
    "fields",
    [
        {"ranking": [0, 0]},
        {"ranking": [0]},
        {"ranking": [0, 1, 2]},
        {"ranking": [0, 2]},
        {"ranking": [-1, 0]},
        {"ranking": "01"},
        {"ranking": []},
        {"ranking": None},
        {"gaps": []},
        {"gaps": [1, 1]},
        {"gaps": [4]},
        {"gaps": [-1]},
        {"gaps": [1.5]},
        {"gaps": ["much"]},
        {"client_id": "7"},
        {"active_seconds": -1},
        {"rationale": "x" * 10_001},
        {"rationale": "a\0b"},
        {"all_bad": "perhaps"},
    ],
)
def test_it_refuses_an_answer_that_breaks_a_rule(round: Round, fields: dict[str, Any]) -> None:
    user, _ = members_of(round)
    uid = lease(round, user)["assignments"][0]["uid"]
    status, body = submit(user, uid, **fields)
    assert status == 400
    assert body["detail"]
    assert not Annotation.objects.exists()
    assert submit(user, uid)[0] == 201


def test_it_holds_answers_to_the_campaigns_task(round: Round) -> None:
    user, _ = members_of(round)
    uid = lease(round, user)["assignments"][0]["uid"]
    update_campaign(campaign=round.campaign, task={"rationale": "required", "all_bad": False})
    assert submit(user, uid)[1]["detail"] == "This campaign asks for a rationale."
    assert submit(user, uid, rationale="Because", all_bad=True)[0] == 400
    update_campaign(campaign=round.campaign, task={"rationale": "off"})
    assert submit(user, uid, rationale="Because")[0] == 400
    assert submit(user, uid)[0] == 201


def test_it_refuses_anothers_an_unknown_and_a_skipped_assignment(round: Round) -> None:
    user, other = members_of(round)
    uid = lease(round, user)["assignments"][0]["uid"]
    assert submit(other, uid)[0] == 403
    assert submit(user, str(uuid4()))[0] == 404
    skip(user, uid)
    assert submit(user, uid)[0] == 409


def test_it_accepts_a_late_answer_while_the_slot_is_free(round: Round) -> None:
    user, _ = members_of(round)
    uid = lease(round, user)["assignments"][0]["uid"]
    expire_leases()
    assert submit(user, uid)[0] == 201
    assert sorted(Comparison.objects.values_list("taken", "submitted")) == [(0, 0), (1, 1)]


def test_it_refuses_a_late_answer_when_somebody_took_the_slot() -> None:
    round = collecting_round(comparisons=1, members=2)
    user, other = members_of(round)
    uid = lease(round, user)["assignments"][0]["uid"]
    expire_leases()
    theirs = lease(round, other)["assignments"][0]["uid"]
    status, body = submit(user, uid)
    assert (status, "expired" in body["detail"]) == (409, True)
    # The other gives up too: now the late answer finds its slot free again.
    expire_leases()
    lease(round, user)
    assert submit(user, uid)[0] == 201
    assert submit(other, theirs)[0] == 409


def test_it_refuses_answers_once_the_round_has_moved_on(round: Round) -> None:
    user, _ = members_of(round)
    uid = lease(round, user)["assignments"][0]["uid"]
    Round.objects.update(state=RoundState.TRAINING_REWARD)
    status, body = submit(user, uid)
    assert (status, body["detail"]) == (409, "This round no longer collects annotations.")


def test_it_undoes_the_newest_annotation_and_leases_it_again() -> None:
    round = collecting_round(comparisons=2, k=4)
    (user,) = members_of(round)
    tasks = lease(round, user, want=2)["assignments"]
    older = submit(user, tasks[0]["uid"], ranking=[0, 1, 2, 3], gaps=[1, 1, 1])[1]["uid"]
    client_id = str(uuid4())
    newer = submit(
        user, tasks[1]["uid"], client_id=client_id, ranking=[2, 0, 3, 1], gaps=[1, None, 3], all_bad=True
    )[1]["uid"]
    assert undo(user, older)[0] == 409
    status, body = undo(user, newer)
    assert status == 200
    assert body["assignment"]["completions"] == tasks[1]["completions"]
    assert (body["ranking"], body["gaps"], body["all_bad"]) == ([2, 0, 3, 1], [1, None, 3], True)
    assert lease(round, user)["progress"]["mine"] == 1
    assert lease(round, user)["assignments"][0]["uid"] == tasks[1]["uid"]
    # A late repetition of the withdrawn submit does not bring it back; a new one counts.
    answer = {"ranking": [0, 1, 2, 3], "gaps": [0, 0, 0]}
    assert submit(user, tasks[1]["uid"], client_id=client_id, **answer)[0] == 409
    assert submit(user, tasks[1]["uid"], **answer)[0] == 201
    assert collecting_counts(round_id=round.pk) == {
        "comparisons": 2, "wanted": 2, "submitted": 2, "leased": 0, "retired": 0,
    }  # fmt: skip
    assert Participation.objects.get().submitted == 2


def test_it_undoes_only_ones_own_and_only_while_the_round_collects(round: Round) -> None:
    user, other = members_of(round)
    annotation = submit(user, lease(round, user)["assignments"][0]["uid"])[1]["uid"]
    assert undo(other, annotation)[0] == 403
    assert undo(user, str(uuid4()))[0] == 404
    Round.objects.update(state=RoundState.TRAINING_REWARD)
    assert undo(user, annotation)[0] == 409
