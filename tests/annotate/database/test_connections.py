"""Connections that threads keep: noticed when they are gone, and waited for while the server is away."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from psycopg.errors import OperationalError

from annotate.database import base
from annotate.database.statements import row_of


@pytest.fixture
def kept(transactional_db: None) -> Iterator[base.DatabaseWrapper]:
    """A connection of its own without a pool, as a thread that answers requests has it."""
    pooled = connections["default"].settings_dict
    options = {name: value for name, value in pooled["OPTIONS"].items() if name != "pool"}
    wrapper = base.DatabaseWrapper({**pooled, "OPTIONS": options, "CONN_MAX_AGE": None})
    yield wrapper
    wrapper.close()


def backend_of(wrapper: base.DatabaseWrapper) -> int:
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def hang_up(wrapper: base.DatabaseWrapper, pid: int) -> None:
    """End the server's end of the connection, and wait until that is seen at this one."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    for _ in range(500):
        if not wrapper.is_usable():
            return
        threading.Event().wait(0.01)


def test_it_keeps_a_connection_from_request_to_request(kept: base.DatabaseWrapper) -> None:
    first = backend_of(kept)
    kept.close_if_unusable_or_obsolete()
    assert kept.is_usable()
    assert backend_of(kept) == first


def test_it_notices_that_the_server_hung_up_and_connects_anew(kept: base.DatabaseWrapper) -> None:
    first = backend_of(kept)
    hang_up(kept, first)
    assert not kept.is_usable()
    kept.close_if_unusable_or_obsolete()
    assert backend_of(kept) != first


def test_it_waits_for_a_server_that_comes_back(
    kept: base.DatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = iter([True, True, False])
    connect = psycopg.connect

    def sometimes(**named: Any) -> psycopg.Connection[Any]:
        if next(refusals):
            raise OperationalError("the database system is starting up")
        return connect(**named)

    monkeypatch.setattr(psycopg, "connect", sometimes)
    monkeypatch.setattr(base, "_PAUSE_SECONDS", 0.0)
    assert backend_of(kept) > 0


def test_it_gives_up_after_its_patience(kept: base.DatabaseWrapper, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(**named: Any) -> None:
        raise OperationalError("no such server")

    monkeypatch.setattr(psycopg, "connect", never)
    monkeypatch.setattr(base, "PATIENCE_SECONDS", 0.0)
    with pytest.raises(OperationalError):
        kept.get_new_connection(kept.get_connection_params())


@pytest.mark.django_db
def test_it_binds_parameters_at_the_server_and_prepares_the_statement() -> None:
    assert row_of("SELECT %s::int + 1, %s::text", 41, "a'b") == (42, "a'b")
    prepared = row_of("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s", "%::int + 1%")
    assert prepared == (1,)
    assert row_of("SELECT 1 WHERE false") is None
    assert settings.DATABASES["default"]["ENGINE"] == "annotate.database"
