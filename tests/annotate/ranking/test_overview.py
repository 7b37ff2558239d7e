"""/api/campaigns and members, and what a round's annotations look like to those who run it."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from annotate.accounts.models import User
from annotate.campaigns.models import Campaign
from annotate.campaigns.recipe import Recipe
from annotate.campaigns.task import Task
from annotate.ranking.models import Comparison
from tests.annotate.collecting import annotator, collecting_round, members_of
from tests.annotate.ranking.test_leases import client_of, lease
from tests.annotate.ranking.test_submissions import submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def researcher() -> APIClient:
    return client_of(User.objects.create(username="rosa", role="researcher"))


def create(client: APIClient, **fields: Any) -> Any:
    return client.post("/api/campaigns", {"name": "Kindness", **fields}, format="json")


def test_it_creates_a_campaign_with_whole_settings(researcher: APIClient) -> None:
    answer = create(researcher, recipe={"k": 2}, task={"skip": False})
    assert answer.status_code == 201
    body = answer.json()
    assert body["recipe"] == {**Recipe().as_dict(), "k": 2}
    assert body["task"] == {**Task().as_dict(), "skip": False}
    assert (body["champion"], body["open_round"], body["members"]) == (None, None, 0)
    assert body["prompts"] == {"train": 0, "heldout": 0}
    assert researcher.get(f"/api/campaigns/{body['id']}").json() == body


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"recipe": {"k": 99}}, 400),
        ({"recipe": {"colour": 1}}, 400),
        ({"recipe": None}, 400),
        ({"task": {"rationale": "maybe"}}, 400),
        ({"name": ""}, 400),
        ({"name": "a\0b"}, 400),
        ({"name": "x" * 121}, 400),
    ],
)
def test_it_refuses_a_campaign_with_a_wrong_setting(
    researcher: APIClient, fields: dict[str, Any], status: int
) -> None:
    answer = create(researcher, **fields)
    assert answer.status_code == status
    assert answer.json()["detail"]
    assert not Campaign.objects.exists()


def test_it_refuses_a_name_that_is_taken(researcher: APIClient) -> None:
    assert [create(researcher).status_code for _ in range(2)] == [201, 409]


def test_it_changes_only_what_is_named(researcher: APIClient) -> None:
    before = create(researcher, recipe={"k": 2}).json()
    url = f"/api/campaigns/{before['id']}"
    change = {"recipe": {"overlap": 3}, "guidelines": "Be kind.", "archived": True}
    after = researcher.patch(url, change, format="json").json()
    assert after["recipe"] == {**before["recipe"], "overlap": 3}
    assert (after["name"], after["guidelines"]) == ("Kindness", "Be kind.")
    assert after["archived_at"] is not None
    assert researcher.patch(url, {"recipe": {"overlap": 0}}, format="json").status_code == 400
    assert researcher.patch(url, {"archived": False}, format="json").json()["archived_at"] is None
    assert researcher.patch("/api/campaigns/999999", {}, format="json").status_code == 404


def test_it_shows_annotators_their_own_campaigns_and_no_provenance() -> None:
    round = collecting_round()
    collecting_round()
    (user,) = members_of(round)
    client = client_of(user)
    (shown,) = client.get("/api/campaigns").json()
    assert set(shown) == {"id", "name", "kind", "guidelines", "task", "open_round", "mine"}
    assert shown["open_round"] == {"id": round.pk, "number": 1, "state": "collecting"}
    assert shown["mine"] == {"waiting": True}
    assert client.get(f"/api/campaigns/{round.campaign_id}").json() == shown
    assert client_of(annotator()).get(f"/api/campaigns/{round.campaign_id}").status_code == 404


def test_it_lets_annotators_change_nothing() -> None:
    round = collecting_round()
    client = client_of(members_of(round)[0])
    url = f"/api/campaigns/{round.campaign_id}"
    assert create(client).status_code == 403
    assert client.patch(url, {"name": "Mine"}, format="json").status_code == 403
    assert client.get(f"{url}/members").status_code == 403
    assert client.post(f"{url}/members", {"username": "x"}, format="json").status_code == 403
    assert client.delete(f"{url}/members/1").status_code == 403
    assert client.get(f"/api/rounds/{round.pk}/rankings").status_code == 403


def test_it_adds_lists_and_removes_members(researcher: APIClient) -> None:
    round = collecting_round(members=1)
    (user,) = members_of(round)
    submit(user, lease(round, user)["assignments"][0]["uid"])
    url = f"/api/campaigns/{round.campaign_id}/members"
    added = researcher.post(url, {"username": "rosa"}, format="json")
    assert added.status_code == 201
    assert [(each["username"], each["submitted"]) for each in added.json()] == [
        (user.username, 1),
        ("rosa", 0),
    ]
    assert researcher.post(url, {"username": "nobody"}, format="json").status_code == 400
    assert researcher.delete(f"{url}/{user.pk}").status_code == 204
    assert [each["username"] for each in researcher.get(url).json()] == ["rosa"]


def test_it_shows_researchers_what_was_said(researcher: APIClient) -> None:
    round = collecting_round(comparisons=1)
    (user,) = members_of(round)
    task = lease(round, user)["assignments"][0]
    submit(user, task["uid"], ranking=[1, 0], gaps=[3], rationale="Warmer.")
    body = researcher.get(f"/api/rounds/{round.pk}/rankings").json()
    (said,) = body["results"]
    texts = [each["text"] for each in task["completions"]]
    assert [each["text"] for each in said["completions"]] == texts[::-1]
    assert (said["annotator"], said["gaps"], said["rationale"]) == (user.username, [3], "Warmer.")
    assert said["comparison"] == str(Comparison.objects.get().uid)
    assert researcher.get("/api/rounds/999999/rankings").status_code == 404


def test_it_lists_the_rankings_of_one_annotator_or_comparison(researcher: APIClient) -> None:
    round = collecting_round(comparisons=2, members=2, overlap=2)
    user, other = members_of(round)
    for person in (user, user, other):
        submit(person, lease(round, person)["assignments"][0]["uid"])
    url = f"/api/rounds/{round.pk}/rankings"
    by_user = researcher.get(f"{url}?annotator={user.username}").json()["results"]
    assert [each["annotator"] for each in by_user] == [user.username] * 2
    first = Comparison.objects.get(position=0)
    assert researcher.get(f"{url}?comparison={first.uid}").json()["count"] == 2
    assert researcher.get(f"{url}?annotator=nobody").json()["count"] == 0
    assert researcher.get(f"{url}?comparison=x").status_code == 400
