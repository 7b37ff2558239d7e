"""What stops Plumbline before it starts says so in one sentence."""

from __future__ import annotations

import os
import shutil
import socket
from collections import namedtuple
from pathlib import Path

import pytest

from annotate.runtime.checks import alone, require_port, require_space
from annotate.runtime.errors import RuntimeProblem
from annotate.runtime.sockets import socket_folder


def test_it_holds_the_data_folder_alone(tmp_path: Path) -> None:
    with (
        alone(tmp_path),
        pytest.raises(RuntimeProblem, match=rf"already runs on .*\(process {os.getpid()}\)"),
        alone(tmp_path),
    ):
        raise AssertionError
    with alone(tmp_path):
        pass


def test_it_refuses_a_data_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RuntimeProblem, match="cannot be written"), alone(tmp_path / "file"):
        raise AssertionError


def test_it_refuses_a_port_that_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(RuntimeProblem, match=f"Port {port} .* choose another with --port"):
            require_port("127.0.0.1", port)
    require_port("127.0.0.1", port)


def test_it_refuses_a_disk_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(1, 1, 1024))
    with pytest.raises(RuntimeProblem, match="almost full"):
        require_space(tmp_path)


def test_sockets_lie_in_the_data_folder(tmp_path: Path) -> None:
    data = Path("/tmp") / f"plumbline-{os.getpid()}"
    try:
        assert socket_folder(data, "redis") == data / "run" / "redis"
        assert (data / "run" / "redis").stat().st_mode & 0o777 == 0o700
    finally:
        shutil.rmtree(data)


def test_a_long_data_folder_has_short_sockets_of_its_own(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 60) / ("y" * 60)
    folder, other = socket_folder(long, "postgres"), socket_folder(long.parent, "redis")
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(folder / ".s.PGSQL.5432"))
        assert socket_folder(long, "postgres") == folder
        assert folder.parent.stat().st_uid == os.getuid()
        assert folder.parent != other.parent
    finally:
        shutil.rmtree(folder.parent)
        shutil.rmtree(other.parent, ignore_errors=True)
