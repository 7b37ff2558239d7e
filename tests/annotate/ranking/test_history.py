"""GET one's own annotations."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from annotate.accounts.models import User
from annotate.campaigns.services import update_campaign
from annotate.ranking.models import Annotation, Assignment
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


def uids(answer: Any) -> list[str]:
    return [each["uid"] for each in answer.json()["results"]]


def test_it_finds_words_of_the_prompt_of_an_answer_and_of_the_reason() -> None:
    round = collecting_round(comparisons=3)
    (user,) = members_of(round)
    round.campaign.prompts.filter(messages__0__content="Prompt 1").update(
        messages=[{"role": "user", "content": "Thank Nora"}]
    )
    for _ in range(3):
        submit_next(round, user)
    Annotation.objects.filter(assignment__comparison__prompt__messages__0__content="Prompt 2").update(
        rationale="It names Wärme."
    )
    by_prompt = {
        each.assignment.comparison.prompt.messages[0]["content"]: str(each.uid)
        for each in Annotation.objects.select_related("assignment__comparison__prompt")
    }
    for words, prompt in (("nora", "Thank Nora"), ("wärme", "Prompt 2"), ("reply 1 to 0", "Prompt 0")):
        assert uids(mine(round, user, f"?q={words}")) == [by_prompt[prompt]]
    assert uids(mine(round, user, "?q=100%25")) == []


def test_it_filters_by_round_and_by_what_was_amended() -> None:
    round = collecting_round(comparisons=2)
    (user,) = members_of(round)
    first, second = submit_next(round, user), submit_next(round, user)
    changed = amend(user, first)[1]["uid"]
    assert uids(mine(round, user, "?amended=true")) == [changed]
    assert uids(mine(round, user, "?amended=false")) == [second]
    assert len(uids(mine(round, user, "?round=1"))) == 2
    assert uids(mine(round, user, "?round=2")) == []


@pytest.mark.parametrize(
    "query", ["?round=x", "?round=0", "?amended=perhaps", "?round=99999999999", "?q=%00"]
)
def test_it_refuses_a_filter_that_makes_no_sense(query: str) -> None:
    round = collecting_round()
    assert mine(round, members_of(round)[0], query).status_code == 400


def one(user: User, uid: str) -> Any:
    return client_of(user).get(f"/api/annotations/{uid}")


def test_it_shows_one_with_all_that_was_said_before() -> None:
    round = collecting_round(comparisons=1)
    (user,) = members_of(round)
    first = submit_next(round, user, ranking=[0, 1], gaps=[3])
    undo(user, first)
    second = submit_next(round, user, ranking=[0, 1], gaps=[1])
    third = amend(user, second, ranking=[1, 0], gaps=[2], rationale="I read it again.")[1]["uid"]
    # Whoever has the address of an earlier one is shown what stands.
    for uid in (first, second, third):
        body = one(user, uid).json()
        assert (body["campaign"], body["annotation"]["uid"]) == (round.campaign_id, third)
    trail = body["trail"]
    assert [each["uid"] for each in trail] == [first, second, third]
    assert [(each["ranking"], each["gaps"]) for each in trail] == [
        ([0, 1], [3]),
        ([0, 1], [1]),
        ([1, 0], [2]),
    ]
    assert [each["amended"] for each in trail] == [False, False, True]
    assert [each["withdrawn_at"] is None for each in trail] == [False, False, True]


def test_it_shows_one_to_nobody_else_and_not_after_it_was_taken_back() -> None:
    round = collecting_round(comparisons=1, members=2)
    user, other = members_of(round)
    uid = submit_next(round, user)
    assert one(other, uid).status_code == 403
    assert one(annotator(), uid).status_code == 403
    assert one(user, str(uuid4())).status_code == 404
    undo(user, uid)
    assert (one(user, uid).status_code, one(user, uid).json()["detail"]) == (
        404, "You took this annotation back.",
    )  # fmt: skip


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
