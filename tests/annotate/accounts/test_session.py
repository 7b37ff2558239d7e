"""GET, POST and DELETE /api/session."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from annotate.accounts.models import FailedLogin
from annotate.accounts.services import create_user

pytestmark = pytest.mark.django_db
URL = "/api/session"
REFUSAL = "This name and password do not match an active account."


def _login(client: Client, username: str, password: str) -> tuple[int, dict]:
    answer = client.post(URL, {"username": username, "password": password}, content_type="application/json")
    return answer.status_code, answer.json()


def test_it_says_that_nobody_is_logged_in_and_sets_the_csrf_cookie() -> None:
    client = Client()
    answer = client.get(URL)
    assert answer.json() == {"user": None}
    assert "csrftoken" in answer.cookies


def test_it_logs_in_and_out() -> None:
    user, password = create_user(username="ada", role="researcher")
    client = Client()
    expected = {"user": {"id": user.pk, "username": "ada", "role": "researcher", "runs_rounds": True}}
    assert _login(client, "ada", password) == (200, expected)
    assert client.get(URL).json() == expected
    assert client.delete(URL).status_code == 204
    assert client.get(URL).json() == {"user": None}


def test_it_refuses_in_the_same_words_whether_or_not_the_user_exists() -> None:
    user, password = create_user(username="ada", role="annotator")
    client = Client()
    assert _login(client, "ada", "wrong password") == (401, {"detail": REFUSAL})
    assert _login(client, "nobody", "wrong password") == (401, {"detail": REFUSAL})
    user.is_active = False
    user.save()
    assert _login(client, "ada", password) == (401, {"detail": REFUSAL})


def test_it_refuses_a_login_without_the_csrf_token() -> None:
    _, password = create_user(username="ada", role="annotator")
    status, body = _login(Client(enforce_csrf_checks=True), "ada", password)
    assert status == 403
    assert body["detail"].startswith("CSRF Failed")


def test_it_throttles_failures_but_not_successes() -> None:
    _, password = create_user(username="ada", role="annotator")
    client = Client()
    assert {_login(Client(), "ada", password)[0] for _ in range(31)} == {200}
    assert {_login(client, "ada", "wrong password")[0] for _ in range(30)} == {401}
    assert _login(client, "ada", password)[0] == 429


@pytest.mark.parametrize(
    "body", ['{"username": "ada"}', "[]", "{", '{"username": "a\\u0000", "password": "b"}']
)
def test_it_refuses_a_malformed_login(body: str) -> None:
    answer = Client().post(URL, body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["detail"]


def test_a_failure_counts_at_every_process_and_only_for_its_minute() -> None:
    _, password = create_user(username="ada", role="annotator")
    FailedLogin.objects.bulk_create(FailedLogin(address="127.0.0.1") for _ in range(30))
    answer = Client().post(URL, {"username": "ada", "password": password}, content_type="application/json")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert _login(Client(REMOTE_ADDR="10.0.0.9"), "ada", password)[0] == 200
    FailedLogin.objects.update(at=timezone.now() - timedelta(seconds=61))
    assert _login(Client(), "ada", "wrong password")[0] == 401
    # What no longer counts is gone.
    assert FailedLogin.objects.count() == 1
    assert _login(Client(), "ada", password)[0] == 200
