"""PUT and DELETE gold, and who agrees with it."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from annotate.accounts.models import User
from annotate.campaigns.models import Campaign
from annotate.campaigns.services import update_campaign
from annotate.datasets.rows import standing_rows
from annotate.quality.models import Gold
from annotate.ranking.models import Annotation, Assignment, Comparison
from annotate.rounds.models import Round, RoundState
from tests.annotate.collecting import annotator, collecting_round, members_of
from tests.annotate.ranking.test_history import submit_next
from tests.annotate.ranking.test_leases import client_of, lease

pytestmark = pytest.mark.django_db
# Wilson's intervals of one of one and none of one; one comparison tells nothing of how distances vary.
UP = {"share_interval": [pytest.approx(0.2065, abs=1e-4), 1.0], "margin_interval": None}
DOWN = {"share_interval": [0.0, pytest.approx(0.7935, abs=1e-4)], "margin_interval": None}


@pytest.fixture
def rosa() -> User:
    return User.objects.create(username="rosa", role="researcher")


def mark(user: User, comparison: Comparison | UUID, **fields: Any) -> tuple[int, Any]:
    uid = comparison.uid if isinstance(comparison, Comparison) else comparison
    body = {"ranking": [0, 1], "gaps": [2], **fields}
    if "annotation" in fields:
        body = fields
    answer = client_of(user).put(f"/api/comparisons/{uid}/gold", body, format="json")
    return answer.status_code, answer.json()


def read(user: User, round: Round, path: str) -> Any:
    return client_of(user).get(f"/api/campaigns/{round.campaign_id}/{path}")


def rank(round: Round, user: User, *rankings: tuple[list[int], list[int]]) -> list[str]:
    """Rank what comes next, in terms of completions."""
    uids = []
    for ranking, gaps in rankings:
        uid = lease(round, user)["assignments"][0]["uid"]
        Assignment.objects.filter(uid=uid).update(order=sorted(ranking))
        uids.append(submit_next(round, user, ranking=ranking, gaps=gaps))
    return uids


def test_it_holds_a_given_ranking_to_be_right(rosa: User) -> None:
    round = collecting_round(comparisons=1, k=3)
    comparison = Comparison.objects.get()
    status, body = mark(rosa, comparison, ranking=[2, 0, 1], gaps=[3, None], explanation="It is safe.")
    assert status == 200
    assert body["completions"][2] == {"index": 2, "text": "reply 2 to 0"}
    [listed] = read(rosa, round, "gold").json()
    assert listed == body
    assert (listed["ranking"], listed["gaps"], listed["explanation"]) == ([2, 0, 1], [3, None], "It is safe.")
    assert (listed["marked_by"], listed["asked"], listed["answered"]) == ("rosa", 1, 0)
    assert mark(rosa, comparison, ranking=[0, 1, 2], gaps=[1, 1])[0] == 200
    assert [gold.ranking for gold in Gold.objects.all()] == [[0, 1, 2]]


def test_it_takes_an_annotation_and_measures_everybody_but_who_made_it(rosa: User) -> None:
    round = collecting_round(comparisons=1, members=3, overlap=3)
    maker, nora, otto = members_of(round)
    round.campaign.memberships.create(user=rosa)
    [uid] = rank(round, maker, ([1, 0], [2]))
    assert mark(rosa, Comparison.objects.get(), annotation=uid, ask=4)[0] == 200
    rank(round, nora, ([1, 0], [3]))
    rank(round, otto, ([0, 1], [1]))
    rank(round, rosa, ([1, 0], [2]))
    scores = {each["annotator"]: each["score"] for each in read(rosa, round, "gold/scores").json()}
    assert scores == {
        nora.username: {
            "comparisons": 1,
            "pairs": 1,
            "agreed": 1,
            "share": 1.0,
            "margin_distance": 1.0,
            **UP,
        },
        otto.username: {
            "comparisons": 1,
            "pairs": 1,
            "agreed": 0,
            "share": 0.0,
            "margin_distance": 3.0,
            **DOWN,
        },
    }


def test_it_asks_more_people_and_waits_for_them(rosa: User) -> None:
    round = collecting_round(comparisons=2, members=3)
    first, _ = Comparison.objects.order_by("position")
    nora, otto, _ = members_of(round)
    assert mark(rosa, first, ask=3)[1]["asked"] == 3
    assert mark(rosa, first, ask=2)[1]["asked"] == 3
    assert lease(round, nora)["progress"]["wanted"] == 4
    rank(round, nora, ([0, 1], [1]), ([0, 1], [1]))
    # The other one has its ranking; gold is still asked.
    assert lease(round, otto, want=2)["progress"]["waiting"]
    assert Assignment.objects.filter(annotator=otto).get().comparison_id == first.pk
    assert client_of(rosa).delete(f"/api/comparisons/{first.uid}/gold").status_code == 204
    first.refresh_from_db()
    # What is in somebody's hands stays; the slot nobody used is gone.
    assert (first.overlap, first.extra, first.taken) == (2, 1, 2)


def test_it_puts_gold_that_people_have_passed_among_what_comes(rosa: User) -> None:
    round = collecting_round(comparisons=5, members=2)
    nora, otto = members_of(round)
    rank(round, nora, ([0, 1], [1]), ([0, 1], [1]))
    passed = Comparison.objects.get(position=0)
    assert mark(rosa, passed, ask=2)[0] == 200
    passed.refresh_from_db()
    assert passed.position > 1
    assert sorted(Comparison.objects.values_list("position", flat=True)) == [0, 1, 2, 3, 4]
    # Who has ranked it is not asked again; the other one comes to it, and to what took its place.
    rank(round, otto, *[([0, 1], [2])] * 4)
    assert Assignment.objects.filter(annotator=otto, comparison=passed).count() == 1
    assert read(rosa, round, "gold/scores").json()[0]["annotator"] == nora.username


def test_its_task_looks_like_any_other(rosa: User) -> None:
    round = collecting_round(comparisons=2)
    (user,) = members_of(round)
    mark(rosa, Comparison.objects.get(position=0), explanation="because")
    gold, other = lease(round, user, want=2)["assignments"]
    assert {key: type(value) for key, value in gold.items()} == {
        key: type(value) for key, value in other.items()
    }
    assert "because" not in str(gold)


def test_it_is_no_annotation_and_enters_no_dataset(rosa: User) -> None:
    round = collecting_round(comparisons=1)
    mark(rosa, Comparison.objects.get())
    assert list(standing_rows(round)) == []
    rank(round, members_of(round)[0], ([1, 0], [1]))
    assert [row.gaps for row in standing_rows(round)] == [[1]]


def test_it_shows_ones_own_where_the_campaign_does_and_once_the_round_has_ended(rosa: User) -> None:
    round = collecting_round(comparisons=2)
    (user,) = members_of(round)
    mark(rosa, Comparison.objects.get(position=0), explanation="It names the van.")
    uid = lease(round, user)["assignments"][0]["uid"]
    Assignment.objects.filter(uid=uid).update(order=[1, 0])
    annotation = submit_next(round, user, ranking=[0, 1], gaps=[1])
    submit_next(round, user)
    assert read(user, round, "me/gold").json() == {"gold": None}
    update_campaign(campaign=round.campaign, task={"show_gold": True})
    assert read(user, round, "me/gold").json()["gold"]["score"]["comparisons"] == 0
    Round.objects.update(state=RoundState.TRAINING_REWARD)
    gold = read(user, round, "me/gold").json()["gold"]
    assert gold["score"] == {
        "comparisons": 1, "pairs": 1, "agreed": 0, "share": 0.0, "margin_distance": 3.0, **DOWN,
    }  # fmt: skip
    [answer] = gold["answers"]
    # The gold says completion 0 is better; it was shown at position 1.
    assert (answer["annotation"], answer["ranking"], answer["gaps"]) == (annotation, [1, 0], [2])
    assert answer["explanation"] == "It names the van."


def test_it_leaves_out_what_was_taken_back(rosa: User) -> None:
    round = collecting_round(comparisons=1)
    (user,) = members_of(round)
    mark(rosa, Comparison.objects.get())
    [uid] = rank(round, user, ([0, 1], [1]))
    client_of(user).post(f"/api/annotations/{uid}/undo")
    assert Annotation.objects.count() == 1
    assert read(rosa, round, "gold/scores").json() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"ranking": [0, 0]},
        {"ranking": [0, 2]},
        {"gaps": []},
        {"gaps": [4]},
        {"gaps": [-1]},
        {"ranking": "ab"},
        {"ask": 0},
        {"ask": 3},
        {"explanation": "x" * 2001},
        {"annotation": str(uuid4())},
        {"annotation": "x"},
        {"annotation": str(uuid4()), "ranking": [0, 1], "gaps": [1]},
    ],
)
def test_it_refuses_what_is_no_ranking_of_it(rosa: User, fields: dict[str, Any]) -> None:
    round = collecting_round(comparisons=1, members=2)
    status, body = mark(rosa, Comparison.objects.get(), **fields)
    assert (status, Gold.objects.count()) == (400, 0)
    assert isinstance(body["detail"], str)
    assert read(rosa, round, "gold").json() == []


def test_it_refuses_to_ask_when_the_round_has_moved_on(rosa: User) -> None:
    collecting_round(comparisons=1, members=2)
    Round.objects.update(state=RoundState.TRAINING_REWARD)
    assert mark(rosa, Comparison.objects.get(), ask=2)[0] == 409
    assert Gold.objects.count() == 0
    assert mark(rosa, Comparison.objects.get())[0] == 200


def test_it_asks_nobody_about_what_another_wrote_in_a_chat(rosa: User) -> None:
    collecting_round(comparisons=1, members=2)
    Campaign.objects.update(kind="chat")
    assert mark(rosa, Comparison.objects.get(), ask=2)[0] == 409
    assert mark(rosa, Comparison.objects.get())[0] == 200


def test_it_refuses_an_annotation_that_was_taken_back(rosa: User) -> None:
    round = collecting_round(comparisons=1)
    (user,) = members_of(round)
    [uid] = rank(round, user, ([0, 1], [1]))
    client_of(user).post(f"/api/annotations/{uid}/undo")
    assert mark(rosa, Comparison.objects.get(), annotation=uid)[0] == 400


def test_it_refuses_annotators_and_strangers(rosa: User) -> None:
    round = collecting_round(comparisons=1)
    (user,) = members_of(round)
    comparison = Comparison.objects.get()
    assert mark(user, comparison)[0] == 403
    assert client_of(user).delete(f"/api/comparisons/{comparison.uid}/gold").status_code == 403
    for path in ("gold", "gold/scores"):
        assert read(user, round, path).status_code == 403
    assert read(annotator(), round, "me/gold").status_code == 404
    assert read(rosa, round, "me/gold").status_code == 403
    assert mark(rosa, uuid4())[0] == 404
    assert client_of(rosa).delete(f"/api/comparisons/{comparison.uid}/gold").status_code == 404
