"""Statements asked from the event loop: in turn, whole, and with a clear end where there is no answer."""

from __future__ import annotations

import asyncio

import pytest
from django.db import connections

from annotate.database import base
from annotate.database.lines import Away, Lines

pytestmark = pytest.mark.django_db(transaction=True)
STATEMENTS = {
    "echo": "SELECT $1::text",
    "pid": "SELECT pg_backend_pid()::text",
    "nothing": "SELECT 1 WHERE false",
    "wrong": "SELECT 1 / $1::int",
    "sleep": "SELECT pg_sleep($1::float8)::text",
}


Said = bytes | None | BaseException


@pytest.fixture
def lines() -> Lines:
    return Lines(STATEMENTS, most=2)


def ask(lines: Lines, *asked: tuple[str, ...]) -> list[Said]:
    """What is said to each of these, asked side by side."""

    async def main() -> list[Said]:
        try:
            return await asyncio.gather(*(lines.ask(*each) for each in asked), return_exceptions=True)
        finally:
            lines.close()

    return asyncio.run(main())


def test_each_gets_its_own_answer_over_few_connections(lines: Lines) -> None:
    said = ask(lines, *(("echo", str(number)) for number in range(20)), ("nothing",))
    assert said == [*(str(number).encode() for number in range(20)), None]
    assert len(set(ask(lines, *[("pid",)] * 10))) <= 2


def test_what_is_long_goes_through_whole(lines: Lines) -> None:
    text = "é" * 2_000_000
    assert ask(lines, ("echo", text)) == [text.encode()]


def test_an_error_is_told_and_the_line_goes_on(lines: Lines) -> None:
    wrong, right = ask(lines, ("wrong", "0"), ("wrong", "1"))
    assert isinstance(wrong, Away)
    assert "division by zero" in str(wrong)
    assert right == b"1"


def test_a_connection_that_is_cut_is_away_and_the_next_one_is_new(lines: Lines) -> None:
    async def main() -> None:
        pid = await lines.ask("pid")
        asleep = asyncio.create_task(lines.ask("sleep", "30"))
        # It took the one line there is.
        await asyncio.sleep(0)
        await asyncio.to_thread(hang_up, pid)
        with pytest.raises(Away):
            await asleep
        assert await lines.ask("pid") != pid
        lines.close()

    asyncio.run(main())


def test_who_gives_up_takes_their_line_along(lines: Lines) -> None:
    async def main() -> None:
        pid = await lines.ask("pid")
        asleep = asyncio.create_task(lines.ask("sleep", "0.5"))
        await asyncio.sleep(0)
        asleep.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asleep
        assert await lines.ask("pid") != pid
        assert await lines.ask("echo", "mine") == b"mine"
        lines.close()

    asyncio.run(main())


def test_it_is_away_where_nobody_listens(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = connections["default"].get_connection_params() | {"host": "/nowhere"}
    monkeypatch.setattr(base.DatabaseWrapper, "get_connection_params", lambda _: wanted)
    assert [type(said) for said in ask(lines, ("pid",), ("pid",))] == [Away, Away]


def test_a_statement_that_cannot_be_prepared_is_told_of() -> None:
    (said,) = ask(Lines({"nonsense": "SELECT nonsense"}, most=1), ("nonsense",))
    assert isinstance(said, Away)
    assert "nonsense" in str(said)


def hang_up(pid: bytes | None) -> None:
    """End the server's end of a connection."""
    assert pid
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [int(pid)])
    connections["default"].close()
