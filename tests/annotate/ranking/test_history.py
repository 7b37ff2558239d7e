"""GET one's own annotations."""

from __future__ import annotations

from typing import Any

import pytest

from annotate.accounts.models import User
from annotate.campaigns.services import update_campaign
from annotate.ranking.models import Assignment
from annotate.rounds.models import Round, RoundState
from tests.annotate.collecting import annotator, collecting_round, members_of
from tests.annotate.ranking.test_amend import amend
from tests.annotate.ranking.test_leases import client_of, lease, skip
from tests.annotate.ranking.test_submissions import submit, undo

pytestmark = pytest.mark.django_db


def mine(round: Round, user: User, query: str = "") -> Any:
    return client_of(user).get(f"/api/campaigns/{round.campaign_id}/annotations/mine{query}")


def submit_next(round: Round, user: User, **fields: Any) -> str:
    return str(submit(user, lease(round, user)["assignments"][0]["uid"], **fields)[1]["uid"])


def test_it_gives_back_what_one_said_in_the_positions_one_saw() -> None:
    round = collecting_round(comparisons=1, k=3)
    (user,) = members_of(round)
    update_campaign(campaign=round.campaign, task={"safety": "on"})
    task = lease(round, user)["assignments"][0]
    Assignment.objects.update(order=[2, 0, 1])
    said = [{"position": 1, "safe": False}]
    uid = submit(
        user, task["uid"], ranking=[1, 2, 0], gaps=[3, None], completions=said, rationale="Kind.",
        active_seconds=7.5,
    )[1]["uid"]  # fmt: skip
    blank: dict[str, Any] = {"attributes": {}, "thumb": None, "flags": [], "edit": None}
    (shown,) = mine(round, user).json()["results"]
    assert shown.pop("submitted_at")
    assert shown == {
        "uid": uid,
        "round": 1,
        "amended": False,
        "amendable": True,
        "prompt": task["prompt"],
        "completions": [
            {"position": 0, "text": "reply 2 to 0", "safe": None, **blank},
            {"position": 1, "text": "reply 0 to 0", "safe": False, **blank},
            {"position": 2, "text": "reply 1 to 0", "safe": None, **blank},
        ],
        "ranking": [1, 2, 0],
        "gaps": [3, None],
        "all_bad": False,
        "rationale": "Kind.",
        "active_seconds": 7.5,
    }


def test_it_lists_what_stands_newest_first() -> None:
    round = collecting_round(comparisons=4)
    (user,) = members_of(round)
    first, second, third = (submit_next(round, user) for _ in range(3))
    skip(user, lease(round, user)["assignments"][0]["uid"])
    undo(user, third)
    changed = amend(user, first)[1]["uid"]
    body = mine(round, user).json()
    assert body["count"] == 2
    assert [(each["uid"], each["amended"]) for each in body["results"]] == [(changed, True), (second, False)]


def test_it_says_when_nothing_can_be_amended_any_more() -> None:
    round = collecting_round()
    (user,) = members_of(round)
    submit_next(round, user)
    Round.objects.update(state=RoundState.TRAINING_REWARD)
    assert [each["amendable"] for each in mine(round, user).json()["results"]] == [False]


def test_it_shows_nothing_of_others_and_of_other_campaigns() -> None:
    round, elsewhere = collecting_round(members=2), collecting_round()
    user, other = members_of(round)
    submit_next(round, other)
    elsewhere.campaign.memberships.create(user=user)
    submit_next(elsewhere, user)
    assert mine(round, user).json()["results"] == []
    assert len(mine(elsewhere, user).json()["results"]) == 1


def test_it_comes_in_pages_of_a_few_queries(django_assert_max_num_queries: Any) -> None:
    round = collecting_round(comparisons=52)
    (user,) = members_of(round)
    for _ in range(52):
        submit_next(round, user)
    with django_assert_max_num_queries(6):
        first = mine(round, user).json()
    second = mine(round, user, "?page=2").json()
    assert [len(first["results"]), len(second["results"]), first["count"]] == [50, 2, 52]
    assert mine(round, user, "?page=3").status_code == 404


def test_it_refuses_people_who_are_no_members() -> None:
    round = collecting_round()
    assert mine(round, annotator()).status_code == 404
    assert mine(round, User.objects.create(username="rosa", role="researcher")).status_code == 403
