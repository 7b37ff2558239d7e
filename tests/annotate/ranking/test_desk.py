"""The desk answers as Django does, for those whom Django accepted, and knows at once when that has an end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client

from annotate.accounts.models import Session, User
from annotate.accounts.services import create_token, update_user
from annotate.handler import ThreadedHandler
from annotate.ranking.desk import Desk
from annotate.ranking.models import Annotation, Assignment
from annotate.rounds.models import Round
from tests.annotate.collecting import collecting_round, members_of

pytestmark = pytest.mark.django_db(transaction=True)
CSRF = "c" * 32


@dataclass
class Told:
    """An answer, and whether it was Django's."""

    status: int
    headers: dict[bytes, bytes]
    body: Any
    by_django: bool


class Browser:
    """One person's browser in front of the desk."""

    def __init__(self, desk: Desk, asked: list[str], runner: asyncio.Runner, user: User) -> None:
        self._desk, self._asked, self._runner = desk, asked, runner
        client = Client()
        client.force_login(user)
        self.cookie = f"csrftoken={CSRF}; sessionid={client.cookies['sessionid'].value}"
        self.headers = {
            "host": "localhost",
            "origin": "http://localhost",
            "content-type": "application/json",
            "cookie": self.cookie,
            "x-csrftoken": CSRF,
        }

    def post(self, path: str, body: bytes | dict[str, Any], query: str = "", **headers: str) -> Told:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {**self.headers, "content-length": str(len(raw)), **headers}
        return self._runner.run(self._post(path, raw, query, sent))

    async def _post(self, path: str, body: bytes, query: str, headers: dict[str, str]) -> Told:
        said: list[Any] = []
        pieces = [
            {"type": "http.request", "body": body[:5], "more_body": True},
            {"type": "http.request", "body": body[5:], "more_body": False},
        ]

        async def receive() -> Any:
            return pieces.pop(0) if pieces else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            said.append(message)

        scope = {"type": "http", "method": "POST", "path": path, "query_string": query.encode()}
        scope |= {"http_version": "1.1", "scheme": "http"}
        scope["headers"] = [(name.encode(), text.encode()) for name, text in headers.items()]
        before = len(self._asked)
        await self._desk(scope, receive, send)
        text = b"".join(message.get("body", b"") for message in said[1:])
        own = {name.lower(): value for name, value in said[0]["headers"]}
        return Told(
            said[0]["status"], own, json.loads(text) if text[:1] in b"[{" else None, len(self._asked) > before
        )


@pytest.fixture
def round() -> Round:
    return collecting_round(comparisons=8, k=3, members=2)


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def desk(asked: list[str]) -> Iterator[Desk]:
    django = ThreadedHandler(1)

    async def counted(scope: Any, receive: Any, send: Any) -> None:
        asked.append(scope["path"])
        await django(scope, receive, send)

    desk = Desk(counted, lines=2)
    yield desk
    django._pool.submit(connections.close_all).result()
    django._pool.shutdown()
    desk.close()


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def browser(desk: Desk, asked: list[str], runner: asyncio.Runner, round: Round) -> Browser:
    return Browser(desk, asked, runner, members_of(round)[0])


def lease_of(round: Round) -> str:
    return f"/api/campaigns/{round.campaign_id}/lease"


def held(browser: Browser, round: Round) -> list[str]:
    """What the person of this browser holds, after the desk has got to know them."""
    browser.post(lease_of(round), {"want": 3})
    told = browser.post(lease_of(round), {"want": 3})
    assert (told.status, told.by_django) == (200, False)
    return [task["uid"] for task in told.body["assignments"]]


def answer(**changes: Any) -> dict[str, Any]:
    return {"client_id": str(uuid4()), "ranking": [2, 0, 1], "gaps": [1, None], **changes}


def test_it_says_what_django_says(browser: Browser, round: Round) -> None:
    first = browser.post(lease_of(round), {"want": 3})
    again = browser.post(lease_of(round), {"want": 3})
    assert (first.by_django, again.by_django) == (True, False)
    assert (again.status, again.headers, again.body) == (first.status, first.headers, first.body)
    uids = [task["uid"] for task in first.body["assignments"]]
    told = [browser.post(f"/api/assignments/{uid}/submit", answer()) for uid in uids[:2]]
    assert [each.by_django for each in told] == [True, False]
    assert [each.status for each in told] == [201, 201]
    assert told[0].headers == told[1].headers
    assert [each.body["progress"]["mine"] for each in told] == [1, 2]
    held_longer = [browser.post(f"/api/assignments/{uids[2]}/extend", b"{}") for _ in range(2)]
    assert [each.by_django for each in held_longer] == [True, False]
    assert held_longer[0].headers == held_longer[1].headers
    assert held_longer[0].body["deadline"] < held_longer[1].body["deadline"]
    assert held_longer[1].body["deadline"].endswith("Z")


def test_it_keeps_what_was_said(browser: Browser, round: Round) -> None:
    uids = held(browser, round)
    browser.post(f"/api/assignments/{uids[0]}/submit", answer())
    said = answer(ranking=[1, 2, 0], gaps=[0, 3], active_seconds=2.5, rationale='"é\\', all_bad=True)
    told = browser.post(f"/api/assignments/{uids[1]}/submit", said)
    assert (told.status, told.by_django) == (201, False)
    kept = Annotation.objects.select_related("assignment").get(uid=told.body["uid"])
    assert kept.ranking == [kept.assignment.order[position] for position in (1, 2, 0)]
    assert (kept.gaps, kept.active_seconds, kept.rationale, kept.all_bad) == ([0, 3], 2.5, '"é\\', True)
    again = browser.post(f"/api/assignments/{uids[1]}/submit", said)
    assert (again.status, again.by_django, again.body["uid"]) == (200, False, told.body["uid"])
    assert Annotation.objects.count() == 2


def test_it_knows_nobody_by_half(browser: Browser, round: Round) -> None:
    held(browser, round)
    for changed in (
        {"x-csrftoken": "d" * 32},
        {"origin": "http://evil.example"},
        {"cookie": f"csrftoken={CSRF}; sessionid=guessed"},
        {"host": "evil.example"},
    ):
        for _ in range(2):
            told = browser.post(lease_of(round), {"want": 3}, **changed)
            assert told.by_django
            assert told.status in (400, 401, 403)


def test_it_notices_an_end_at_once(browser: Browser, round: Round) -> None:
    uids = held(browser, round)
    user = members_of(round)[0]
    browser.post(f"/api/assignments/{uids[0]}/submit", answer())
    update_user(user=user, is_active=False)
    for path, body in ((lease_of(round), {"want": 3}), (f"/api/assignments/{uids[1]}/submit", answer())):
        told = browser.post(path, body)
        assert (told.status, told.by_django) == (401, True)
    update_user(user=user, is_active=True)
    assert not browser.post(lease_of(round), {"want": 3}).by_django
    update_user(user=user, password="another-long-password")
    assert browser.post(lease_of(round), {"want": 3}).status == 401
    assert Annotation.objects.count() == 1


def test_a_session_that_is_gone_opens_nothing(browser: Browser, round: Round) -> None:
    held(browser, round)
    Session.objects.all().delete()
    told = browser.post(lease_of(round), {"want": 3})
    assert (told.status, told.by_django) == (401, True)


def test_somebody_who_is_no_member_any_more_is_refused(browser: Browser, round: Round) -> None:
    uids = held(browser, round)
    browser.post(f"/api/assignments/{uids[0]}/submit", answer())
    round.campaign.memberships.filter(user=members_of(round)[0]).delete()
    assert browser.post(lease_of(round), {"want": 3}).status in (403, 404)
    assert browser.post(f"/api/assignments/{uids[1]}/submit", answer()).status == 403


WRONG = [
    b"",
    b"[]",
    b"{",
    b"[" * 5000,
    b'{"client_id": 5}',
    b'{"ranking": [0, 1, 2], "gaps": [1, 1], "active_seconds": NaN}',
    *(
        json.dumps(answer(**changes)).encode()
        for changes in (
            {"ranking": [0, 0, 1]},
            {"gaps": [1]},
            {"active_seconds": -1},
            {"completions": [{"position": 0, "edit": "better"}]},
            {"rationale": "a\x00b"},
        )
    ),
]


def test_what_is_wrong_is_refused_in_djangos_words(browser: Browser, round: Round) -> None:
    uids = held(browser, round)
    browser.post(f"/api/assignments/{uids[0]}/submit", answer())
    for body in WRONG:
        told = browser.post(f"/api/assignments/{uids[1]}/submit", body)
        assert (told.status, told.by_django) == (400, True), body
        assert told.body["detail"]
    assert browser.post(lease_of(round), {"want": 9}).status == 400
    assert Annotation.objects.count() == 1


def test_anothers_assignment_and_an_answered_one_are_refused(
    browser: Browser, desk: Desk, asked: list[str], runner: asyncio.Runner, round: Round
) -> None:
    other = Browser(desk, asked, runner, members_of(round)[1])
    mine, theirs = held(browser, round), held(other, round)
    browser.post(f"/api/assignments/{mine[0]}/submit", answer())
    assert browser.post(f"/api/assignments/{theirs[0]}/submit", answer()).status == 403
    assert browser.post(f"/api/assignments/{mine[0]}/submit", answer()).status == 409
    assert browser.post(f"/api/assignments/{uuid4()}/submit", answer()).status == 404
    assert Annotation.objects.count() == 1


def test_at_the_end_of_the_queue_django_looks_for_more(browser: Browser, round: Round) -> None:
    uids = held(browser, round)
    Assignment.objects.exclude(uid__in=uids[:2]).delete()
    round.comparisons.filter(taken=0).update(retired_at="2026-01-01T00:00Z")
    round.comparisons.filter(assignments=None).update(retired_at="2026-01-01T00:00Z", taken=0)
    told = browser.post(lease_of(round), {"want": 3})
    assert (told.status, told.by_django, len(told.body["assignments"])) == (200, True, 2)


def test_a_token_is_not_remembered(browser: Browser, round: Round) -> None:
    _, value = create_token(user=members_of(round)[0], name="program")
    for _ in range(2):
        told = browser.post(lease_of(round), {"want": 3}, authorization=f"Bearer {value}")
        assert (told.status, told.by_django) == (200, True)


def test_a_query_and_a_body_without_length_go_to_django(browser: Browser, round: Round) -> None:
    held(browser, round)
    assert browser.post(lease_of(round), {"want": 3}, query="a=b").by_django
    assert browser.post(lease_of(round), {"want": 3}, **{"content-length": "x"}).by_django


def test_it_does_without_its_connections(browser: Browser, round: Round) -> None:
    """A line that was cut costs one request the way through Django, and nobody an answer."""
    held(browser, round)
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE query LIKE '%ranking_desk%' AND pid <> pg_backend_pid()"
        )
        assert cursor.rowcount >= 1
    told = [browser.post(lease_of(round), {"want": 3}) for _ in range(3)]
    assert {each.status for each in told} == {200}
    assert not told[-1].by_django


def test_it_forgets_the_longest_unseen(
    browser: Browser, round: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotate.ranking.desk.MOST_KNOWN", 1)
    held(browser, round)
    browser.post(lease_of(round), {"want": 3}, accept="application/json")
    assert browser.post(lease_of(round), {"want": 3}).by_django
