"""What is served beside the API."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings as live_settings
from django.db import OperationalError
from django.test import Client, RequestFactory
from psycopg.errors import DiskFull
from pytest_django import Settings

from annotate.errors import server_error


def test_it_says_that_the_process_lives() -> None:
    assert Client().get("/healthz").json() == {"status": "ok"}


@pytest.mark.django_db
def test_it_is_ready_when_its_parts_answer() -> None:
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"database": "ok", "redis": "ok", "migrations": "ok"})


@pytest.mark.django_db
def test_it_names_the_part_that_does_not_answer(settings: Settings) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["database"] == "ok"
    assert "/nowhere/redis.sock" in answer.json()["redis"]


@pytest.mark.parametrize("path", ["/", "/campaigns/3", "/login"])
def test_every_other_address_is_the_front_end(settings: Settings, tmp_path: Path, path: str) -> None:
    settings.FRONTEND_DIST = tmp_path
    (tmp_path / "index.html").write_text("<title>Plumbline</title>")
    answer = Client().get(path)
    assert answer.content == b"<title>Plumbline</title>"
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "csrftoken" in answer.cookies


def test_it_says_what_to_do_when_the_pages_are_not_built(settings: Settings, tmp_path: Path) -> None:
    settings.FRONTEND_DIST = tmp_path
    answer = Client().get("/")
    assert answer.status_code == 503
    assert b"make build" in answer.content


def test_it_serves_the_service_worker_for_all_addresses(settings: Settings, tmp_path: Path) -> None:
    settings.FRONTEND_DIST = tmp_path
    assert Client().get("/sw.js").status_code == 503
    (tmp_path / "sw.js").write_text("self.x = 1")
    answer = Client().get("/sw.js")
    assert answer.content == b"self.x = 1"
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/api/nothing", "/api/rounds/x"])
def test_an_unknown_api_address_is_a_404_in_json(path: str) -> None:
    answer = Client().get(path)
    assert (answer.status_code, answer.json()) == (404, {"detail": "There is no such address."})


def test_a_database_that_is_away_is_a_503_and_anything_else_a_500() -> None:
    assert answer_to(OperationalError("the server closed the connection")) == 503
    assert answer_to(ZeroDivisionError()) == 500


def test_a_full_disk_is_a_507() -> None:
    full = OperationalError("could not extend file")
    full.__cause__ = DiskFull("could not extend file")
    assert answer_to(full) == 507
    assert answer_to(OSError(28, "No space left on device")) == 507
    assert answer_to(OSError(2, "No such file")) == 500


def answer_to(problem: Exception) -> int:
    """The status with which Django's handler answers what nobody caught."""
    try:
        raise problem
    except type(problem):
        return server_error(RequestFactory().get("/")).status_code


def test_the_settings_keep_no_connection_in_a_thread() -> None:
    """Under ASGI threads come and go, and nobody would ever close their connections."""
    assert live_settings.DATABASES["default"]["CONN_MAX_AGE"] == 0
    assert live_settings.DATABASES["default"]["OPTIONS"]["pool"]
