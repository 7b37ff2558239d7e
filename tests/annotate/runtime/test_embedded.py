"""The embedded servers, started for real on a folder of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from annotate.processes import spawn
from annotate.runtime.embedded import EmbeddedServers
from annotate.runtime.postgres import EmbeddedPostgres

pytestmark = pytest.mark.slow


@pytest.fixture
def data() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="plumbline-embedded-"))
    yield folder
    shutil.rmtree(folder)


def write_and_read(servers: EmbeddedServers) -> int:
    with psycopg.connect(servers.postgres.url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        connection.execute("INSERT INTO kept VALUES (1)")
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
    assert row is not None
    return int(row[0])


def test_what_was_written_is_there_the_next_time(data: Path) -> None:
    for expected in (1, 2):
        with EmbeddedServers(data) as servers:
            assert write_and_read(servers) == expected
            assert redis.Redis.from_url(servers.redis.url).ping()


def test_it_is_durable_and_listens_on_no_port(data: Path) -> None:
    with EmbeddedServers(data) as servers:
        with psycopg.connect(servers.postgres.url) as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                assert connection.execute(f"SHOW {setting}").fetchone() == ("on",)
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert redis.Redis.from_url(servers.redis.url).config_get("port") == {"port": "0"}
        assert servers.redis.socket.stat().st_mode & 0o777 == 0o600
        assert servers.postgres.sockets.stat().st_mode & 0o777 == 0o700


def test_it_recovers_from_a_kill_with_a_stale_lock(data: Path) -> None:
    servers = EmbeddedServers(data)
    with servers:
        write_and_read(servers)
        lock = data / "postgres" / "postmaster.pid"
        stale = lock.read_text()
        os.kill(int(stale.split()[0]), 9)
    # The number in the lock is another program's by now: our own, which lives.
    lock.write_text(stale.replace(stale.split()[0], str(os.getpid()), 1))
    with EmbeddedServers(data) as again:
        assert write_and_read(again) == 2


def test_a_server_that_was_left_running_is_shut_down_first(data: Path) -> None:
    with EmbeddedServers(data) as servers:
        write_and_read(servers)
        program = EmbeddedPostgres(data).prepare()
        assert not (data / "postgres" / "postmaster.pid").exists()
        assert program.argv


def test_a_cluster_that_was_half_made_is_made_again(data: Path) -> None:
    (data / "postgres").mkdir()
    (data / "postgres" / "base").mkdir()
    (data / "postgres.making").mkdir()
    with EmbeddedServers(data) as servers:
        assert write_and_read(servers) == 1


def test_it_works_below_a_long_and_private_path(data: Path) -> None:
    deep = data / ("x" * 70) / ("y" * 70)
    deep.mkdir(parents=True, mode=0o700)
    with EmbeddedServers(deep) as servers:
        sockets = servers.postgres.sockets
        assert write_and_read(servers) == 1
    shutil.rmtree(sockets.parent)


def test_both_end_with_the_block(data: Path) -> None:
    with EmbeddedServers(data):
        pass
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(data) not in running


def test_it_starts_over_a_dead_server_that_nobody_has_collected(data: Path) -> None:
    servers = EmbeddedServers(data)
    (data / "logs").mkdir()
    with (data / "logs" / "postgres.log").open("ab") as log:
        dead = spawn(servers.postgres.prepare(), log)
        servers.postgres.wait_ready(dead)
        # The leader alone, as the kernel would: its sessions end by themselves, and it stays a zombie.
        os.kill(dead.pid, 9)
        try:
            with EmbeddedServers(data) as again:
                assert write_and_read(again) == 1
        finally:
            dead.wait()
