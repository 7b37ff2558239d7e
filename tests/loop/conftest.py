"""A running Plumbline for the tests of a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.loop.house import House, running


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A running house for the tests of one file; each test makes a campaign of its own."""
    with running(tmp_path_factory.mktemp("house")) as house:
        yield house
