"""Whose session it is: one statement a request, and an end to it at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotate.accounts.models import Session, User
from annotate.accounts.services import create_user, update_user

pytestmark = pytest.mark.django_db
URL = "/api/session"


@pytest.fixture
def ada() -> User:
    return create_user(username="ada", role="annotator")[0]


@pytest.fixture
def client(ada: User) -> Client:
    client = Client()
    client.force_login(ada)
    return client


def who(client: Client) -> str | None:
    user = client.get(URL).json()["user"]
    return user["username"] if user else None


def test_a_session_knows_its_person(client: Client, ada: User) -> None:
    session = Session.objects.get()
    assert (session.user, session.auth_hash) == (ada, ada.get_session_auth_hash())
    # The one statement is prepared, which Django does not see; it makes none of its own.
    with CaptureQueriesContext(
        connection,
    ) as made:
        assert who(client) == "ada"
    assert not made.captured_queries


def test_it_ends_at_once(client: Client, ada: User) -> None:
    other = Client()
    other.force_login(ada)
    client.delete(URL)
    assert (who(client), who(other)) == (None, "ada")
    update_user(user=ada, is_active=False)
    assert who(other) is None
    update_user(user=ada, is_active=True)
    assert who(other) == "ada"
    update_user(user=ada, password="another-long-password")
    assert who(other) is None


def test_it_ends_when_its_time_is_over(client: Client) -> None:
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert who(client) is None


def test_a_changed_role_counts_at_once(client: Client, ada: User) -> None:
    update_user(user=ada, role="researcher")
    assert client.get(URL).json()["user"]["runs_rounds"] is True


def test_the_sessions_of_a_person_who_is_deleted_go_too(client: Client, ada: User) -> None:
    ada.delete()
    assert not Session.objects.exists()
    assert who(client) is None


@pytest.mark.parametrize("cookie", ["", "unknown", "x" * 5_000, "' OR 1=1 --"])
def test_a_cookie_that_is_none_is_nobodys(cookie: str) -> None:
    client = Client()
    client.cookies["sessionid"] = cookie
    assert who(client) is None


def test_answers_depend_on_the_cookie(client: Client) -> None:
    assert "Cookie" in client.get(URL).headers["Vary"]


def test_a_login_clears_away_what_has_run_out(client: Client) -> None:
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    _, password = create_user(username="bob", role="annotator")
    body = {"username": "bob", "password": password}
    assert Client().post(URL, body, content_type="application/json").status_code == 200
    assert [session.user.username for session in Session.objects.all() if session.user] == ["bob"]
