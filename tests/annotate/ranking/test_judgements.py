"""What is submitted of each completion: kept by completion, and refused where the campaign does not ask."""

from __future__ import annotations

from typing import Any

import pytest

from annotate.accounts.models import User
from annotate.campaigns.services import update_campaign
from annotate.ranking.models import Annotation, Assignment
from annotate.rounds.models import Round
from tests.annotate.collecting import collecting_round, members_of
from tests.annotate.ranking.test_leases import client_of, lease
from tests.annotate.ranking.test_submissions import submit, undo

pytestmark = pytest.mark.django_db
EVERYTHING: dict[str, Any] = {
    "safety": "on",
    "thumbs": "beside",
    "flag": True,
    "edit": True,
    "attributes": [
        {"name": "helpful", "label": "Helpfulness", "kind": "likert", "levels": 5},
        {"name": "tone", "label": "Tone", "kind": "choice", "options": ["warm", "curt"]},
    ],
}
BLANK: dict[str, Any] = {"safe": None, "attributes": {}, "thumb": None, "flags": [], "edit": None}


@pytest.fixture
def round() -> Round:
    round = collecting_round(comparisons=1, k=3)
    update_campaign(campaign=round.campaign, task=EVERYTHING)
    return round


def held(round: Round, user: User, order: list[int]) -> str:
    """A lease whose completions are shown in this order."""
    uid = lease(round, user)["assignments"][0]["uid"]
    Assignment.objects.update(order=order)
    return str(uid)


def answer(uid: str, user: User, *completions: dict[str, Any], **fields: Any) -> tuple[int, dict[str, Any]]:
    return submit(
        user, uid, **{"ranking": [0, 1, 2], "gaps": [1, 1], "completions": list(completions), **fields}
    )


def test_it_keeps_what_was_said_by_completion_and_gives_it_back_by_position(round: Round) -> None:
    (user,) = members_of(round)
    uid = held(round, user, [2, 0, 1])
    first: dict[str, Any] = {
        "position": 0,
        "safe": True,
        "attributes": {"helpful": 4, "tone": "warm"},
        "thumb": "up",
        "flags": [{"reason": "personal data", "note": "A number."}],
        "edit": "A better one.\n",
    }
    status, body = answer(uid, user, first, {"position": 2, "safe": False})
    assert status == 201
    said = {key: first[key] for key in BLANK}
    # Position 0 showed completion 2, position 1 completion 0, position 2 completion 1.
    assert Annotation.objects.get().judgements == [BLANK, {**BLANK, "safe": False}, said]
    assert undo(user, body["uid"])[1]["completions"] == [
        first,
        {"position": 1, **BLANK},
        {"position": 2, **BLANK, "safe": False},
    ]


def test_it_keeps_nothing_where_nothing_was_said(round: Round) -> None:
    (user,) = members_of(round)
    _, body = answer(
        held(round, user, [0, 1, 2]), user, {"position": 1, "safe": None, "edit": "reply 1 to 0"}
    )
    assert Annotation.objects.get().judgements == [BLANK] * 3
    undone = undo(user, body["uid"])[1]
    answer(undone["assignment"]["uid"], user, {"position": 1})
    assert Annotation.objects.get(withdrawn_at=None).judgements == []


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"position": 3}, "completions must name each of the positions 0 to 2 at most once."),
        ({"position": -1}, "completions: 0: position: Ensure this value is greater than or equal to 0."),
        ({}, "completions: 0: position: This field is required."),
        ({"position": 0, "colour": 1},
         "completions: 0: colour: There are only position, safe, attributes, thumb, flags, edit."),
        ({"position": 0, "safe": "perhaps"}, "completions: 0: safe: Must be a valid boolean."),
        ({"position": 0, "thumb": "sideways"}, 'completions: 0: thumb: "sideways" is not a valid choice.'),
        ({"position": 0, "attributes": {"helpful": 6}},
         "completions[0].attributes.helpful must be a whole number from 1 to 5."),
        ({"position": 0, "attributes": {"tone": "cold"}},
         "completions[0].attributes.tone must be one of warm, curt."),
        ({"position": 0, "attributes": {"a\0b": 1}},
         "completions[0].attributes names 'a\\x00b', which this campaign does not ask."),
        ({"position": 0, "attributes": {str(n): n for n in range(13)}},
         "completions: 0: attributes: There are at most 12 attributes."),
        ({"position": 0, "flags": [{"reason": "ugly"}]},
         "completions[0].flags: a reason must be one of harmful, personal data, wrong language, broken text, "
         "other."),
        ({"position": 0, "flags": [{"reason": "other"}, {"reason": "other", "note": "Again."}]},
         "completions[0].flags must give each reason at most once."),
        ({"position": 0, "flags": [{"note": "Why?"}]},
         "completions: 0: flags: 0: reason: This field is required."),
        ({"position": 0, "flags": [{"reason": "other", "who": "me"}]},
         "completions: 0: flags: 0: who: There are only reason, note."),
        ({"position": 0, "flags": [{"reason": "other", "note": "a\0b"}]},
         "completions: 0: flags: 0: note: Null characters are not allowed."),
        ({"position": 0, "flags": [{"reason": "other", "note": "x" * 1001}]},
         "completions: 0: flags: 0: note: Ensure this field has no more than 1000 characters."),
        ({"position": 0, "edit": " \n"},
         "completions: 0: edit: This must be a text; leave it out where there is no edit."),
        ({"position": 0, "edit": "a\0b"}, "completions: 0: edit: Null characters are not allowed."),
        ({"position": 0, "edit": "x" * 32_001},
         "completions: 0: edit: Ensure this field has no more than 32000 characters."),
    ],
)  # fmt: skip
def test_it_refuses_what_breaks_a_rule(round: Round, said: dict[str, Any], sentence: str) -> None:
    (user,) = members_of(round)
    uid = held(round, user, [2, 0, 1])
    status, body = answer(uid, user, said)
    assert (status, body["detail"]) == (400, sentence)
    assert not Annotation.objects.exists()
    assert answer(uid, user, {"position": 0, "safe": True})[0] == 201


def test_it_refuses_a_position_twice_and_more_positions_than_a_comparison_has(round: Round) -> None:
    (user,) = members_of(round)
    uid = held(round, user, [0, 1, 2])
    assert answer(uid, user, {"position": 1}, {"position": 1, "safe": True})[0] == 400
    assert answer(uid, user, *[{"position": 0}] * 10)[0] == 400
    assert submit(user, uid, ranking=[0, 1, 2], gaps=[1, 1], completions={"0": {}})[0] == 400


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"safe": False}, "safe"),
        ({"thumb": "up"}, "thumb"),
        ({"flags": [{"reason": "other"}]}, "flags"),
        ({"edit": "Better."}, "edit"),
    ],
)
def test_it_refuses_what_is_off(said: dict[str, Any], name: str) -> None:
    round = collecting_round(comparisons=1, k=3)
    (user,) = members_of(round)
    status, body = answer(held(round, user, [0, 1, 2]), user, {"position": 1, **said})
    assert (status, body["detail"]) == (400, f"completions[1].{name} is switched off in this campaign.")


def test_it_refuses_an_attribute_that_the_campaign_does_not_ask() -> None:
    round = collecting_round(comparisons=1, k=3)
    (user,) = members_of(round)
    status, body = answer(held(round, user, [0, 1, 2]), user, {"position": 0, "attributes": {"helpful": 3}})
    assert (status, "does not ask" in body["detail"]) == (400, True)


def test_it_asks_for_what_the_campaign_requires() -> None:
    round = collecting_round(comparisons=1, k=3)
    (user,) = members_of(round)
    uid = held(round, user, [0, 1, 2])
    update_campaign(campaign=round.campaign, task={"safety": "required"})
    assert answer(uid, user, {"position": 0, "safe": True})[1]["detail"] == (
        "completions[1].safe must say true or false: this campaign asks it of every completion."
    )
    required = [{**EVERYTHING["attributes"][0], "required": True}]
    update_campaign(campaign=round.campaign, task={"safety": "off", "attributes": required})
    assert answer(uid, user)[1]["detail"] == (
        "completions[0].attributes must have helpful: this campaign requires it."
    )
    rated = [{"position": each, "attributes": {"helpful": 3}} for each in range(3)]
    assert answer(uid, user, *rated)[0] == 201


def test_it_makes_a_ranking_of_thumbs_where_they_stand_instead_of_one() -> None:
    round = collecting_round(comparisons=1, k=3)
    (user,) = members_of(round)
    update_campaign(campaign=round.campaign, task={"thumbs": "instead"})
    uid = held(round, user, [2, 0, 1])
    thumbs = [{"position": place, "thumb": thumb} for place, thumb in enumerate(["down", "up", "down"])]
    assert answer(uid, user, *thumbs)[1]["detail"] == (
        "This campaign asks for thumbs instead of a ranking: leave ranking and gaps empty."
    )
    assert answer(uid, user, *thumbs[:2], ranking=[], gaps=[])[1]["detail"] == (
        "completions[2].thumb must be up or down: this campaign asks it of every completion."
    )
    assert answer(uid, user, *thumbs, ranking=[], gaps=[])[0] == 201
    said = Annotation.objects.get()
    # Shown were completions 2, 0, 1: 0 is up and slightly better than 2 and 1, which are equal.
    assert (said.ranking, said.gaps) == ([0, 2, 1], [1, None])


def test_it_states_no_preference_where_all_thumbs_agree() -> None:
    round = collecting_round(comparisons=1, k=3)
    (user,) = members_of(round)
    update_campaign(campaign=round.campaign, task={"thumbs": "instead"})
    thumbs = [{"position": place, "thumb": "up"} for place in range(3)]
    answer(held(round, user, [2, 0, 1]), user, *thumbs, ranking=[], gaps=[])
    assert Annotation.objects.get().gaps == [None, None]


def test_it_shows_researchers_what_was_said_of_each(round: Round) -> None:
    (user,) = members_of(round)
    uid = held(round, user, [2, 0, 1])
    answer(uid, user, {"position": 1, "safe": False, "thumb": "down"}, ranking=[1, 0, 2])
    researcher = client_of(User.objects.create(username="rosa", role="researcher"))
    (said,) = researcher.get(f"/api/rounds/{round.pk}/rankings").json()["results"]
    # The best is position 1, which showed completion 0.
    assert said["completions"][0] == {
        "index": 0, "text": "reply 0 to 0", "temperature": 1.0, "finish": "stop",
        **BLANK, "safe": False, "thumb": "down",
    }  # fmt: skip
    assert said["completions"][1]["safe"] is None
    assert said["amended"] is False
