"""Starts real servers for the tests, before Django reads its settings.

They are started once, by the process that was asked for the tests; the workers of ``-n`` inherit their
addresses and each uses a database of its own. They end with that process, however it ends.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from annotate.runtime.embedded import EmbeddedServers

_SERVERS = pytest.StashKey[EmbeddedServers]()
_FOLDER = pytest.StashKey[Path]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="plumbline-tests-"))
        config.stash[_FOLDER] = folder
        servers = EmbeddedServers(folder, durable=False)
        servers.__enter__()
        config.stash[_SERVERS] = servers
        os.environ["DATABASE_URL"] = servers.postgres.url
        os.environ["REDIS_URL"] = servers.redis.url
        os.environ["PLUMBLINE_DATA"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "annotate.settings"
    # Reading one setting makes pytest-django set Django up right after this.
    from django.conf import settings  # noqa: PLC0415 - only now the environment says where the servers are

    assert settings.DATABASES


def pytest_unconfigure(config: pytest.Config) -> None:
    if _SERVERS in config.stash:
        config.stash[_SERVERS].__exit__(None, None, None)
    if _FOLDER in config.stash:
        shutil.rmtree(config.stash[_FOLDER], ignore_errors=True)
