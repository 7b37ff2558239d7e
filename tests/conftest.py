"""Starts real servers for the tests, before Django reads its settings.

PostgreSQL is started once, by the process that was asked for the tests; the workers of ``-n`` inherit its
address and each uses a database of its own. Each has a data folder of its own, and a Redis, since what is
published is heard in all databases of one. The servers end with their process, however it ends.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from annotate.processes import spawn, stop
from annotate.runtime.embedded import EmbeddedServers
from annotate.runtime.redis import EmbeddedRedis

_OPEN = pytest.StashKey[ExitStack]()
LONG = ("tests/loop", "tests/browser/test_every_page.py", "tests/browser", "tests/training/test_kill.py")
"""Where the tests are that take longest; workers that begin with these end at about the same time."""


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.stash[_OPEN] = running = ExitStack()
    folder = Path(tempfile.mkdtemp(prefix="plumbline-tests-"))
    running.callback(shutil.rmtree, folder, ignore_errors=True)
    if "PYTEST_XDIST_WORKER" in os.environ:
        os.environ["REDIS_URL"] = _start_redis(folder, running)
    else:
        servers = running.enter_context(EmbeddedServers(folder, durable=False))
        os.environ["DATABASE_URL"], os.environ["REDIS_URL"] = servers.postgres.url, servers.redis.url
    os.environ["PLUMBLINE_DATA"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "annotate.settings"
    # Reading one setting makes pytest-django set Django up right after this.
    from django.conf import settings  # noqa: PLC0415 - only now the environment says where the servers are

    assert os.environ["REDIS_URL"] == settings.REDIS_URL


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Django is set up as soon as this is seen, which in a worker would be before it has its own servers."""
    del os.environ["DJANGO_SETTINGS_MODULE"]


def pytest_unconfigure(config: pytest.Config) -> None:
    if _OPEN in config.stash:
        config.stash[_OPEN].close()


def _start_redis(folder: Path, running: ExitStack) -> str:
    redis = EmbeddedRedis(folder)
    program = redis.prepare()
    process = spawn(program, running.enter_context((folder / "redis.log").open("ab")))
    running.callback(stop, process, program)
    redis.wait_ready(process)
    return redis.url


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    def rank(item: pytest.Item) -> int:
        path = item.path.relative_to(config.rootpath).as_posix()
        return next((place for place, long in enumerate(LONG) if path.startswith(long)), len(LONG))

    items.sort(key=rank)
