"""Notes of reviewers, and answers of annotators."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from annotate.accounts.models import User
from annotate.campaigns.models import Membership
from annotate.quality.models import Note
from annotate.rounds.models import Round
from tests.annotate.collecting import annotator, collecting_round, members_of
from tests.annotate.ranking.test_amend import amend
from tests.annotate.ranking.test_history import submit_next
from tests.annotate.ranking.test_leases import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def rosa() -> User:
    return User.objects.create(username="rosa", role="researcher")


@pytest.fixture
def round() -> Round:
    return collecting_round(comparisons=3, members=2)


@pytest.fixture
def user(round: Round) -> User:
    return members_of(round)[0]


def write(user: User, uid: str, text: str) -> tuple[int, Any]:
    answer = client_of(user).post(f"/api/annotations/{uid}/notes", {"text": text}, format="json")
    return answer.status_code, answer.json()


def own(round: Round, user: User, path: str = "") -> Any:
    return client_of(user).get(f"/api/campaigns/{round.campaign_id}/me/feedback{path}").json()


def test_it_brings_a_note_to_the_annotator_and_the_answer_back(round: Round, user: User, rosa: User) -> None:
    uid = submit_next(round, user)
    assert own(round, user) == []
    assert write(rosa, uid, "Why is B better?")[0] == 201
    [thread] = own(round, user)
    assert (thread["annotation"], thread["unread"], own(round, user, "/unread")) == (uid, 1, {"unread": 1})
    [note] = thread["notes"]
    assert (note["author"], note["is_mine"], note["is_unread"]) == ("rosa", False, True)
    read = client_of(user).post(f"/api/annotations/{uid}/notes/read").json()
    assert (read["unread"], own(round, user, "/unread")) == (0, {"unread": 0})
    assert write(user, uid, "It thanks her.")[0] == 201
    feedback = f"/api/campaigns/{round.campaign_id}/feedback"
    [theirs] = client_of(rosa).get(feedback).json()
    assert (theirs["annotator"], theirs["unread"]) == (user.username, 1)
    assert [(each["text"], each["is_mine"]) for each in theirs["notes"]] == [
        ("Why is B better?", True), ("It thanks her.", False),
    ]  # fmt: skip
    # Answering has read what was answered, and any reviewer reads for all of them.
    ada = User.objects.create(username="ada", role="admin")
    assert client_of(ada).post(f"/api/annotations/{uid}/notes/read").json()["unread"] == 0
    assert client_of(rosa).get(feedback).json()[0]["unread"] == 0


def test_it_lists_the_newest_first(round: Round, user: User, rosa: User) -> None:
    first, second = submit_next(round, user), submit_next(round, user)
    for uid in (first, second, first):
        write(rosa, uid, "See the guidelines.")
    assert [(each["annotation"], len(each["notes"])) for each in own(round, user)] == [
        (first, 2),
        (second, 1),
    ]
    other = members_of(round)[1]
    assert own(round, other) == []


def test_a_note_stays_with_what_it_was_written_about(round: Round, user: User, rosa: User) -> None:
    uid = submit_next(round, user)
    write(rosa, uid, "Have another look.")
    changed = amend(user, uid)[1]["uid"]
    [thread] = own(round, user)
    assert thread["annotation"] == uid
    assert client_of(user).get(f"/api/annotations/{uid}").json()["annotation"]["uid"] == changed


@pytest.mark.parametrize("text", ["", "  \n", "x" * 4001, "a\0b", None, ["x"]])
def test_it_refuses_what_is_no_note(round: Round, user: User, rosa: User, text: Any) -> None:
    assert write(rosa, submit_next(round, user), text)[0] == 400
    assert Note.objects.count() == 0


def test_it_refuses_whom_it_does_not_concern(round: Round, user: User, rosa: User) -> None:
    uid = submit_next(round, user)
    other = members_of(round)[1]
    assert write(user, uid, "Hello?") == (
        403, {"detail": "Nobody has written about this annotation; a reviewer begins."},
    )  # fmt: skip
    write(rosa, uid, "Well done.")
    for stranger in (other, annotator()):
        assert write(stranger, uid, "Me too.")[0] == 403
        assert client_of(stranger).get(f"/api/annotations/{uid}/notes").status_code == 403
        assert client_of(stranger).post(f"/api/annotations/{uid}/notes/read").status_code == 403
    assert client_of(user).get(f"/api/campaigns/{round.campaign_id}/feedback").status_code == 403
    assert write(rosa, str(uuid4()), "x")[0] == 404
    Membership.objects.filter(user=user).delete()
    assert write(user, uid, "And now?")[0] == 403
    assert Note.objects.count() == 1
