"""GET, PUT and DELETE of an assignment's draft."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from annotate.accounts.models import User
from annotate.ranking.models import Assignment
from annotate.rounds.models import Round
from tests.annotate.collecting import collecting_round, members_of
from tests.annotate.ranking.test_leases import client_of, expire_leases, lease, skip
from tests.annotate.ranking.test_submissions import submit, undo

pytestmark = pytest.mark.django_db
EARLY, LATE = "2026-01-01T12:00:00Z", "2026-01-01T12:00:05Z"


def put(user: User, uid: str, content: Any, version: Any = 0, at: str = EARLY) -> tuple[int, dict[str, Any]]:
    body = {"content": content, "version": version, "at": at}
    answer = client_of(user).put(f"/api/assignments/{uid}/draft", body, format="json")
    return answer.status_code, answer.json()


def get(user: User, uid: str) -> Any:
    return client_of(user).get(f"/api/assignments/{uid}/draft").json()


@pytest.fixture
def round() -> Round:
    return collecting_round(comparisons=1, members=2)


@pytest.fixture
def user(round: Round) -> User:
    return members_of(round)[0]


@pytest.fixture
def uid(round: Round, user: User) -> str:
    return str(lease(round, user)["assignments"][0]["uid"])


def test_it_keeps_a_draft_and_gives_it_with_the_task(round: Round, user: User, uid: str) -> None:
    assert lease(round, user)["assignments"][0]["draft"] is None
    assert get(user, uid) == {"draft": None, "state": "leased"}
    kept = {"content": {"order": [1, 0], "rationale": "Wärmer"}, "version": 1, "at": EARLY}
    assert put(user, uid, kept["content"]) == (200, {"draft": kept, "state": "leased"})
    assert get(user, uid) == {"draft": kept, "state": "leased"}
    assert lease(round, user)["assignments"][0]["draft"] == kept


def test_it_lets_the_second_of_two_tabs_see_what_the_first_wrote(user: User, uid: str) -> None:
    assert put(user, uid, {"order": [1]})[0] == 200
    status, body = put(user, uid, {"order": [0]}, version=0, at=LATE)
    assert (status, body["draft"]) == (409, {"content": {"order": [1]}, "version": 1, "at": EARLY})
    assert body["detail"].startswith("Another tab or device")
    # It wrote last, and knows it: over the version it now knows it may.
    assert put(user, uid, {"order": [0]}, version=1, at=LATE)[1]["draft"]["version"] == 2
    assert put(user, uid, {"order": [1, 0]}, version=1)[0] == 409


def test_it_forgets_a_draft_and_never_counts_a_version_twice(user: User, uid: str) -> None:
    put(user, uid, {"order": [1]})
    url = f"/api/assignments/{uid}/draft"
    assert [client_of(user).delete(url).status_code for _ in range(2)] == [204, 204]
    assert get(user, uid) == {"draft": None, "state": "leased"}
    status, body = put(user, uid, {"order": [0]}, version=1)
    assert (status, body["draft"]) == (409, None)
    assert put(user, uid, {"order": [0]})[1]["draft"]["version"] == 2


def test_it_keeps_the_draft_of_a_lease_that_ran_out(round: Round, user: User, uid: str) -> None:
    put(user, uid, {"order": [1]})
    expire_leases()
    assert lease(round, user)["assignments"][0]["draft"]["content"] == {"order": [1]}


def test_it_has_no_draft_once_there_is_an_answer(user: User, uid: str) -> None:
    put(user, uid, {"order": [1]})
    annotation = submit(user, uid)[1]["uid"]
    assert Assignment.objects.get().draft is None
    # Another device asks what became of its comparison.
    assert get(user, uid) == {"draft": None, "state": "submitted"}
    assert put(user, uid, {"order": [1]})[1]["detail"] == (
        "This comparison is answered; it takes no draft any more."
    )
    assert undo(user, annotation)[1]["assignment"]["draft"] is None
    put(user, uid, {"order": [1]})
    skip(user, uid)
    assert (Assignment.objects.get().draft, put(user, uid, {})[0]) == (None, 409)


def _nested(depth: int) -> Any:
    return {"a": _nested(depth - 1)} if depth else "x"


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ([], 400),
        (None, 400),
        ("text", 400),
        ({"a": "b\0c"}, 400),
        ({"a\0b": 1}, 400),
        (_nested(8), 200),
        (_nested(9), 400),
        (_nested(300), 400),
        ({"a": "x" * 262_144}, 413),
        ({"a": "x" * 200_000, "b": ["\\u0000", 1.5, None, True]}, 200),
    ],
)
def test_it_keeps_only_json_that_can_be_stored(user: User, uid: str, content: Any, status: int) -> None:
    assert put(user, uid, content)[0] == status
    assert (get(user, uid)["draft"] is not None) == (status == 200)


@pytest.mark.parametrize("body", ['{"content": {"a": 1e400}, "version": 0, "at": "2026-01-01T12:00:00Z"}',
                                  '{"content": {"a": "\\ud800"}, "version": 0, "at": "2026-01-01T12:00:00Z"}',
                                  '{"content": {}, "version": -1, "at": "2026-01-01T12:00:00Z"}',
                                  '{"content": {}, "version": 0, "at": "soon"}', "{}"])  # fmt: skip
def test_it_refuses_a_body_of_the_wrong_shape(user: User, uid: str, body: str) -> None:
    answer = client_of(user).put(f"/api/assignments/{uid}/draft", body, content_type="application/json")
    assert answer.status_code == 400
    assert get(user, uid) == {"draft": None, "state": "leased"}


def test_it_shows_a_draft_to_its_writer_alone(round: Round, user: User, uid: str) -> None:
    other = members_of(round)[1]
    assert put(other, uid, {})[0] == 403
    for method in ("get", "delete"):
        assert getattr(client_of(other), method)(f"/api/assignments/{uid}/draft").status_code == 403
        assert getattr(client_of(user), method)(f"/api/assignments/{uuid4()}/draft").status_code == 404
