"""POST lease, extend and skip."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from annotate.accounts.models import User
from annotate.campaigns.models import Membership
from annotate.campaigns.services import update_campaign
from annotate.ranking.models import Assignment, Comparison
from annotate.ranking.queue import reclaim_expired
from annotate.rounds.models import Round, RoundState
from tests.annotate.collecting import annotator, collecting_round, members_of

pytestmark = pytest.mark.django_db


def client_of(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def lease(round: Round, user: User, want: int = 1) -> dict[str, Any]:
    answer = client_of(user).post(f"/api/campaigns/{round.campaign_id}/lease", {"want": want}, format="json")
    assert answer.status_code == 200, answer.content
    return answer.json()


def expire_leases() -> None:
    Assignment.objects.filter(state="leased").update(deadline=timezone.now() - timedelta(seconds=1))


def test_it_leases_in_the_queues_order_and_repeats_what_is_held() -> None:
    round = collecting_round(comparisons=3)
    (user,) = members_of(round)
    first = lease(round, user)["assignments"]
    both = lease(round, user, want=2)["assignments"]
    assert [len(first), len(both)] == [1, 2]
    assert both[0] == first[0]
    assert lease(round, user, want=2)["assignments"] == both
    held = Assignment.objects.order_by("pk").values_list("comparison__position", flat=True)
    assert list(held) == [0, 1]


def test_it_tells_an_annotator_nothing_but_the_texts() -> None:
    round = collecting_round(k=4)
    (user,) = members_of(round)
    body = lease(round, user)
    (task,) = body["assignments"]
    assert set(task) == {"uid", "deadline", "prompt", "completions", "draft"}
    assert [set(each) for each in task["completions"]] == [{"position", "text"}] * 4
    assignment = Assignment.objects.get(uid=task["uid"])
    number = assignment.comparison.prompt.messages[0]["content"].split()[1]
    assert [each["text"] for each in task["completions"]] == [
        f"reply {index} to {number}" for index in assignment.order
    ]
    assert str(assignment.comparison.uid) not in str(body)


def test_it_draws_an_order_for_each_assignment() -> None:
    round = collecting_round(comparisons=3, k=9, overlap=5, members=5)
    for user in members_of(round):
        lease(round, user, want=3)
    drawn = list(Assignment.objects.values_list("comparison", "annotator", "order"))
    assert len(drawn) == 15
    assert {tuple(sorted(order)) for *_, order in drawn} == {tuple(range(9))}
    # Of 362,880 orders one may come twice, but hardly all of a comparison's five or of a person's three.
    of_one: dict[tuple[str, int], set[tuple[int, ...]]] = defaultdict(set)
    for comparison, person, order in drawn:
        of_one["comparison", comparison].add(tuple(order))
        of_one["person", person].add(tuple(order))
    assert len(of_one) == 3 + 5
    assert all(len(orders) > 1 for orders in of_one.values())


def test_it_gives_one_comparison_to_as_many_people_as_overlap_says() -> None:
    round = collecting_round(comparisons=1, overlap=2, members=3)
    given = [len(lease(round, user)["assignments"]) for user in members_of(round)]
    assert given == [1, 1, 0]
    assert lease(round, members_of(round)[2])["progress"]["reason"] == "round_full"


def test_it_says_why_there_is_nothing() -> None:
    round = collecting_round(comparisons=1, overlap=2, members=2)
    user = members_of(round)[0]
    Comparison.objects.update(taken=1, submitted=1)
    Assignment.objects.create(
        comparison=Comparison.objects.get(), annotator=user, state="submitted", order=[0, 1],
        leased_at=timezone.now(), deadline=timezone.now(),
    )  # fmt: skip
    assert lease(round, user)["progress"] == {
        "round": 1, "state": "collecting", "mine": 0, "mine_total": 1, "done": 0, "wanted": 2,
        "waiting": False, "reason": "all_done_for_you",
    }  # fmt: skip
    Round.objects.update(state=RoundState.TRAINING_REWARD)
    assert lease(round, user)["progress"]["reason"] == "no_open_round"
    Round.objects.update(state=RoundState.CLOSED)
    assert lease(round, user)["progress"]["round"] is None


def test_it_gives_an_expired_lease_to_somebody_else() -> None:
    round = collecting_round(comparisons=1, members=2)
    first, second = members_of(round)
    lease(round, first)
    assert lease(round, second)["assignments"] == []
    expire_leases()
    assert len(lease(round, second)["assignments"]) == 1
    assert list(Assignment.objects.order_by("pk").values_list("state", flat=True)) == ["expired", "leased"]


def test_it_offers_an_expired_comparison_again_in_the_same_order() -> None:
    round = collecting_round(comparisons=1, k=9)
    (user,) = members_of(round)
    before = lease(round, user)["assignments"][0]
    expire_leases()
    again = lease(round, user)["assignments"][0]
    assert (again["uid"], again["completions"]) == (before["uid"], before["completions"])
    assert Comparison.objects.get().taken == 1


def test_it_reclaims_several_leases_of_one_comparison_at_once() -> None:
    round = collecting_round(comparisons=2, overlap=3, members=3)
    for user in members_of(round):
        lease(round, user, want=2)
    expire_leases()
    assert reclaim_expired(now=timezone.now()) == 2
    assert list(Comparison.objects.values_list("taken", flat=True)) == [0, 0]
    assert reclaim_expired(now=timezone.now()) == 0


@pytest.mark.parametrize("want", [0, 4, "many", None])
def test_it_refuses_a_wrong_number_of_leases(want: object) -> None:
    round = collecting_round()
    (user,) = members_of(round)
    answer = client_of(user).post(f"/api/campaigns/{round.campaign_id}/lease", {"want": want}, format="json")
    assert answer.status_code == 400


def test_it_leases_to_members_alone() -> None:
    round = collecting_round()
    url = f"/api/campaigns/{round.campaign_id}/lease"
    assert APIClient().post(url).status_code == 401
    assert client_of(annotator()).post(url).status_code == 404
    admin = User.objects.create(username="boss", role="admin")
    assert client_of(admin).post(url).status_code == 403
    Membership.objects.create(campaign=round.campaign, user=admin)
    assert client_of(admin).post(url).status_code == 200


def test_it_extends_a_live_lease_of_ones_own() -> None:
    round = collecting_round(members=2)
    user, other = members_of(round)
    task = lease(round, user)["assignments"][0]
    url = f"/api/assignments/{task['uid']}/extend"
    answer = client_of(user).post(url)
    assert answer.status_code == 200
    assert answer.json()["deadline"] > task["deadline"]
    assert client_of(other).post(url).status_code == 403
    assert client_of(user).post(f"/api/assignments/{uuid4()}/extend").status_code == 404
    expire_leases()
    assert client_of(user).post(url).status_code == 409
    Membership.objects.filter(user=user).delete()
    assert client_of(user).post(url).status_code == 403


def skip(user: User, uid: str) -> int:
    body = {"reason": "unclear"}
    return client_of(user).post(f"/api/assignments/{uid}/skip", body, format="json").status_code


def test_it_frees_the_slot_of_a_skipped_comparison_and_does_not_offer_it_again() -> None:
    round = collecting_round(comparisons=1, members=5)
    user, other, *_ = members_of(round)
    uid = lease(round, user)["assignments"][0]["uid"]
    assert [skip(user, uid), skip(user, uid)] == [204, 204]
    assert (Comparison.objects.get().taken, Comparison.objects.get().skips) == (0, 1)
    assert lease(round, user)["assignments"] == []
    assert len(lease(round, other)["assignments"]) == 1


def test_it_retires_a_comparison_after_three_skips() -> None:
    round = collecting_round(comparisons=1, members=5)
    for user in members_of(round)[:3]:
        assert Comparison.objects.get().retired_at is None
        skip(user, lease(round, user)["assignments"][0]["uid"])
    assert Comparison.objects.get().retired_at is not None
    progress = lease(round, members_of(round)[4])["progress"]
    assert (progress["wanted"], progress["waiting"]) == (0, False)


def test_it_retires_a_comparison_that_too_few_members_are_left_to_fill() -> None:
    round = collecting_round(comparisons=1, overlap=2, members=2)
    user = members_of(round)[0]
    skip(user, lease(round, user)["assignments"][0]["uid"])
    assert Comparison.objects.get().retired_at is not None


def test_it_refuses_a_skip_where_skipping_is_off() -> None:
    round = collecting_round(members=5)
    user, other, *_ = members_of(round)
    uid = lease(round, user)["assignments"][0]["uid"]
    update_campaign(campaign=round.campaign, task={"skip": False})
    assert skip(user, uid) == 409
    assert skip(other, uid) == 403
