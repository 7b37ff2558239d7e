"""A real browser against a real server, on the tests' own database."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest
from django.conf import settings
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from annotate.processes import Program, spawn, stop
from tests.browser.cable import Cable

if TYPE_CHECKING:
    from annotate.accounts.models import User

# Playwright keeps an event loop in this thread; the ORM is called between its steps, never inside one.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

BASE = Path(__file__).resolve().parent.parent.parent
SCREENSHOTS = BASE / "build" / "screenshots"
DESKTOP, PHONE = (1280, 800), (390, 844)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

Visit = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(item.path).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def address(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The web server as ``manage.py up`` runs it, but for its database."""
    if not (settings.FRONTEND_DIST / "index.html").exists():
        pytest.fail("The pages are not built: run `make build` first.")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    database = urlsplit(settings.DATABASE_URL)._replace(path=f"/{connection.settings_dict['NAME']}")
    log = (tmp_path_factory.mktemp("web") / "web.log").open("ab")
    program = Program(
        name="web",
        argv=[
            *(sys.executable, "-m", "uvicorn", "annotate.asgi:application"),
            *("--host", "127.0.0.1", "--port", str(port), "--no-access-log"),
        ],
        environment={"DATABASE_URL": database.geturl(), "REDIS_URL": settings.REDIS_URL},
    )
    process = spawn(program, log, cwd=BASE)
    try:
        _wait_ready(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        stop(process, program)
        log.close()


def _wait_ready(address: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            httpx.get(f"{address}/healthz", timeout=5).raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError("The web server did not become ready within a minute.")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium: the system's if there is one, else playwright's own.

    Not for the whole session: its event loop would still run under the tests that come after these.
    """
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    # Long enough for a machine with much else to do; what is as it should be never waits.
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def cable(address: str) -> Iterator[Cable]:
    """Another way to the server, that can be cut."""
    cable = Cable(address)
    yield cable
    cable.close()


@pytest.fixture
def visit(address: str, browser: Browser, transactional_db: None) -> Iterator[Visit]:
    """``visit(user, path, size=, scheme=)`` opens a page as that person, each time in a browser of its own.

    With ``cable`` it reaches the server by that alone, and keeps the shell of the pages for when it is cut.

    A test fails if a page has thrown an error or was refused something by its content security policy.
    """
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def open_page(
        user: User | None,
        path: str,
        size: tuple[int, int] = DESKTOP,
        scheme: str = "light",
        *,
        cable: Cable | None = None,
    ) -> Page:
        base = cable.address if cable else address
        context = browser.new_context(
            base_url=base,
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,  # type: ignore[arg-type]  # a Literal in playwright
            has_touch=size == PHONE,
            reduced_motion="reduce",
            service_workers="allow" if cable else "block",
        )
        contexts.append(context)
        if user is not None:
            context.add_cookies([{"name": "sessionid", "value": session_of(user), "url": base}])
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "console",
            lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None,
        )
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    _wait_quiet()
    assert faults == []


def _wait_quiet() -> None:
    """Until the server does nothing in the database any more, which is about to be emptied.

    A request that was under way when its browser closed would hold locks that the emptying wants.
    """
    busy = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
          AND backend_type = 'client backend' AND state <> 'idle'
    """
    deadline, quiet = time.monotonic() + 60, 0
    with connection.cursor() as cursor:
        # Between two queries of one request its connection is idle too: look more than once.
        while quiet < 4 and time.monotonic() < deadline:
            cursor.execute(busy)
            [[count]] = cursor.fetchall()
            quiet = quiet + 1 if count == 0 else 0
            time.sleep(0.05)


def session_of(user: User) -> str:
    """The key of a new session of this person."""
    from django.test import Client  # noqa: PLC0415 - pytest may read this file before Django is set up

    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value
