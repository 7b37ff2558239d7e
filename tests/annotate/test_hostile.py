"""Whatever is sent to whatever address, the answer is a sentence and not a crash."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings
from rest_framework.test import APIClient

from annotate.accounts.models import User
from annotate.campaigns.models import Membership
from tests.annotate.collecting import collecting_round

pytestmark = pytest.mark.django_db
UID = "8e8f4b0c-53b5-4f6b-a60e-ff1f6e2d1d0a"
BODIES: list[str | bytes] = [
    "",
    "{",
    "null",
    "[]",
    "[[]]",
    '"text"',
    "3",
    "{}",
    "NaN",
    '{"want": 1e400, "name": {}, "username": [], "ranking": {}, "recipe": 3, "task": [], "role": {}}',
    '{"want": 999999999999999999999, "name": "a\\u0000b", "username": "\\ud800", "gaps": [[]]}',
    '{"k": -1, "comparisons": "many", "params": {"dpo": null}, "reason": "\\u0000", "message": "\\ud800"}',
    "[" * 100_000,
    "9" * 100_000,
    b"\xff\xfe",
]
NUMBERS = ["0", "99999999999999999999999"]
QUERIES = ["", "?page=0", "?page=x", "?format=x&round=0&limit=-1&split=x&q=%00&after=x"]


def _addresses(patterns: list[Any], prefix: str = "") -> list[str]:
    found = []
    for entry in patterns:
        if isinstance(entry, URLResolver):
            found += _addresses(entry.url_patterns, prefix + str(entry.pattern))
        elif isinstance(entry, URLPattern) and not str(entry.pattern).startswith("^"):
            found.append(prefix + str(entry.pattern))
    return [address for address in found if address.startswith("api/") or prefix]


ADDRESSES = _addresses(get_resolver().url_patterns)


@pytest.fixture
def client() -> APIClient:
    """An admin who is a member of a campaign that collects: nobody is stopped less."""
    user = User.objects.create(username="boss", role="admin")
    Membership.objects.create(campaign=collecting_round().campaign, user=user)
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(user)
    return client


def _fill(address: str, number: str) -> str:
    for kind in ("campaign_id", "round_id", "run_id", "user_id", "token_id"):
        address = address.replace(f"<int:{kind}>", number)
    return "/" + address.replace("<uuid:uid>", UID)


@pytest.mark.parametrize("address", ADDRESSES)
def test_it_answers_any_body_with_a_sentence(client: APIClient, address: str) -> None:
    campaign = str(Membership.objects.get(user__username="boss").campaign_id)
    tries = [(campaign, body) for body in BODIES] + [(number, "{}") for number in NUMBERS]
    for method in ("post", "patch", "put"):
        for number, body in tries:
            url = _fill(address, number)
            answer = client.generic(method, url, body, content_type="application/json")  # type: ignore[arg-type]  # bytes too
            assert answer.status_code < 500, (method, url, body[:80], answer.content[:300])
            if answer.status_code >= 400 and answer["Content-Type"] == "application/json":
                assert answer.json()["detail"]


@pytest.mark.parametrize("address", [each for each in ADDRESSES if each not in ("api/schema", "api/docs")])
def test_it_answers_any_query(client: APIClient, address: str) -> None:
    campaign = str(Membership.objects.get(user__username="boss").campaign_id)
    for url in [
        *(_fill(address, campaign) + query for query in QUERIES),
        *(_fill(address, n) for n in NUMBERS),
    ]:
        assert client.get(url).status_code < 500


@pytest.mark.parametrize("address", [each for each in ADDRESSES if each != "api/session"])
def test_it_answers_nobody_who_is_not_logged_in(address: str) -> None:
    client = APIClient()
    for method in ("get", "post", "patch", "put", "delete"):
        assert client.generic(method, _fill(address, "1"), "{}").status_code in (401, 405)


def test_it_refuses_a_body_that_is_too_large(client: APIClient, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = client.post("/api/campaigns", {"name": "x" * 1000}, format="json")
    assert answer.status_code == 413
    assert answer.json()["detail"] == "The request is larger than 1,000 bytes."


def test_it_describes_its_api_without_a_warning(tmp_path: Path) -> None:
    out = tmp_path / "schema.yaml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(out), stdout=io.StringIO())
    assert "/api/assignments/{uid}/submit" in out.read_text()
