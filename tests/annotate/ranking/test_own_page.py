"""GET one's own page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from annotate.accounts.models import User
from annotate.campaigns.services import update_campaign
from annotate.ranking import own_page
from annotate.ranking.models import Annotation, Assignment
from annotate.ranking.own_page import shared_pairs
from annotate.rounds.models import Round, RoundState
from tests.annotate.collecting import annotator, collecting_round, members_of
from tests.annotate.ranking.test_history import submit_next
from tests.annotate.ranking.test_leases import client_of, lease, skip

pytestmark = pytest.mark.django_db


def me(round: Round, user: User, query: str = "") -> Any:
    return client_of(user).get(f"/api/campaigns/{round.campaign_id}/me{query}")


def test_it_is_empty_before_the_first_annotation() -> None:
    round = collecting_round()
    assert me(round, members_of(round)[0]).json() == {
        "today": 0, "total": 0, "active_seconds_today": 0.0, "pace_seconds": None, "agreement": None,
        "skipped": 0, "skips": [], "days": [],
    }  # fmt: skip


def test_it_counts_ones_own_work_and_takes_the_median_of_its_time() -> None:
    round = collecting_round(comparisons=6, members=2)
    user, other = members_of(round)
    for seconds in (10.0, 0.0, 30.0, 20.0):
        submit_next(round, user, active_seconds=seconds)
    submit_next(round, other, active_seconds=500.0)
    body = me(round, user).json()
    assert (body["today"], body["total"], body["active_seconds_today"]) == (4, 4, 60.0)
    # Of 10, 20 and 30; where no time was measured there is none.
    assert body["pace_seconds"] == 20.0


def test_it_counts_today_from_the_persons_own_midnight(monkeypatch: pytest.MonkeyPatch) -> None:
    round = collecting_round()
    (user,) = members_of(round)
    submit_next(round, user)
    # Half past ten in the evening in UTC; now it is three hours later.
    Annotation.objects.update(submitted_at=datetime(2026, 3, 1, 22, 30, tzinfo=UTC))
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 3, 2, 1, 30, tzinfo=UTC))
    counted = {east: me(round, user, f"?utc_offset={east}").json()["today"] for east in (0, 60, 120, -180)}
    # In Kyiv (+2) the day of 2 March began at 22:00 UTC; in Buenos Aires (-3) it is still 1 March.
    assert counted == {0: 0, 60: 0, 120: 1, -180: 1}
    assert me(round, user).json()["total"] == 1


def test_it_counts_the_days_as_they_began_where_the_person_is() -> None:
    round = collecting_round(comparisons=3)
    (user,) = members_of(round)
    for hour in (1, 5, 23):
        uid = submit_next(round, user, active_seconds=10.0)
        Annotation.objects.filter(uid=uid).update(submitted_at=datetime(2026, 3, 1, hour, tzinfo=UTC))
    days = {east: me(round, user, f"?utc_offset={east}").json()["days"] for east in (0, 120, -180)}
    assert days[0] == [{"day": "2026-03-01", "annotations": 3, "active_seconds": 30.0}]
    # In Kyiv (+2) the last of them was on the next day, in Buenos Aires (-3) the first on the day before.
    assert [(each["day"][-2:], each["annotations"]) for each in days[120]] == [("01", 2), ("02", 1)]
    assert [(each["day"][-2:], each["annotations"]) for each in days[-180]] == [("28", 1), ("01", 2)]


def test_it_lists_skips_as_part_of_the_work() -> None:
    round = collecting_round(comparisons=3, members=5)
    user = members_of(round)[0]
    task = lease(round, user)["assignments"][0]
    skip(user, task["uid"])
    body = me(round, user).json()
    assert body["skipped"] == 1
    assert body["skips"] == [{"round": 1, "prompt": task["prompt"], "reason": "unclear"}]
    assert me(round, members_of(round)[1]).json()["skips"] == []


def rank_both(round: Round, *, mine: dict[str, Any], theirs: dict[str, Any]) -> User:
    """Two members rank the one comparison of a round, with completions shown in their own order."""
    user, other = members_of(round)
    for person in (user, other):
        lease(round, person)
    Assignment.objects.update(order=[0, 1, 2])
    submit_next(round, user, **mine)
    submit_next(round, other, **theirs)
    return user


def test_it_shows_agreement_where_the_campaign_does_and_once_the_round_has_ended() -> None:
    round = collecting_round(comparisons=1, k=3, overlap=2, members=2)
    user = rank_both(
        round, mine={"ranking": [0, 1, 2], "gaps": [1, 2]}, theirs={"ranking": [1, 0, 2], "gaps": [3, 1]}
    )
    assert me(round, user).json()["agreement"] is None
    update_campaign(campaign=round.campaign, task={"agreement_shown": True})
    # While it collects, amending one's own would tell what the other said.
    assert me(round, user).json()["agreement"] == {"comparisons": 0, "pairs": 0, "agreed": 0, "share": None}
    Round.objects.update(state=RoundState.TRAINING_REWARD)
    assert me(round, user).json()["agreement"] == {
        "comparisons": 1, "pairs": 3, "agreed": 2, "share": pytest.approx(2 / 3),
    }  # fmt: skip


def test_it_leaves_undone_annotations_out_of_agreement() -> None:
    round = collecting_round(comparisons=1, k=3, overlap=2, members=2)
    ranking = {"ranking": [0, 1, 2], "gaps": [1, 2]}
    user = rank_both(round, mine=ranking, theirs=ranking)
    update_campaign(campaign=round.campaign, task={"agreement_shown": True})
    Round.objects.update(state=RoundState.TRAINING_REWARD)
    Annotation.objects.exclude(assignment__annotator=user).update(withdrawn_at=timezone.now())
    assert me(round, user).json()["agreement"]["pairs"] == 0


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        # The same order; opposite orders; one of three pairs turned round.
        (([0, 1, 2], [1, 1]), ([0, 1, 2], [3, 0]), (3, 3)),
        (([0, 1, 2], [1, 1]), ([2, 1, 0], [1, 1]), (3, 0)),
        (([0, 1, 2], [1, 1]), ([0, 2, 1], [1, 1]), (3, 2)),
        # A tie of either says nothing of its pair.
        (([0, 1, 2], [1, 1]), ([0, 2, 1], [2, None]), (2, 2)),
        (([0, 1], [None]), ([1, 0], [2]), (0, 0)),
    ],
)
def test_it_counts_the_pairs_that_two_rankings_share(
    mine: tuple[list[int], list[int | None]],
    theirs: tuple[list[int], list[int | None]],
    expected: tuple[int, int],
) -> None:
    assert shared_pairs(mine, theirs) == expected
    assert shared_pairs(theirs, mine) == expected


@pytest.mark.parametrize(
    "query", ["?utc_offset=841", "?utc_offset=-721", "?utc_offset=Kyiv", "?utc_offset=1.5"]
)
def test_it_refuses_an_offset_that_no_place_has(query: str) -> None:
    round = collecting_round()
    assert me(round, members_of(round)[0], query).status_code == 400


def test_it_refuses_people_who_are_no_members() -> None:
    round = collecting_round()
    assert me(round, annotator()).status_code == 404
    assert me(round, User.objects.create(username="rosa", role="researcher")).status_code == 403


def test_it_looks_at_the_newest_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_page, "NEWEST", 2)
    round = collecting_round(comparisons=3)
    (user,) = members_of(round)
    for seconds, hours in ((100.0, 2), (10.0, 1), (20.0, 0)):
        uid = submit_next(round, user, active_seconds=seconds)
        Annotation.objects.filter(uid=uid).update(submitted_at=timezone.now() - timedelta(hours=hours))
    assert me(round, user).json()["pace_seconds"] == 15.0
