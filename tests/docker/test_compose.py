"""docker/ without a Docker engine: its files are parsed, and its services' own commands are run."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from annotate.processes import Program, spawn, stop
from annotate.runtime.embedded import EmbeddedServers
from tests.loop.house import wait_for

BASE = Path(__file__).resolve().parent.parent.parent
COMPOSE = BASE / "docker" / "compose.yml"
DOCKERFILE = BASE / "docker" / "Dockerfile"
OURS = {"migrate", "web", "control", "worker", "gpu-worker", "beat", "chat"}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return dict(yaml.safe_load(COMPOSE.read_text())["services"])


def test_it_has_every_part(services: dict[str, Any]) -> None:
    assert set(services) == OURS | {"postgres", "redis"}
    assert services["gpu-worker"]["profiles"] == ["gpu"]
    assert "data:/data" in services["worker"]["volumes"]
    assert services["gpu-worker"]["command"] == services["worker"]["command"]


def test_every_service_says_how_healthy_it_is(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["healthcheck"].get("test") or service["healthcheck"].get("disable") is True, name
    assert [name for name, service in services.items() if service["healthcheck"].get("disable")] == [
        "migrate",
        "beat",
        "chat",
    ]


def test_it_has_no_default_secret() -> None:
    text = COMPOSE.read_text()
    for secret in ("POSTGRES_PASSWORD", "SECRET_KEY"):
        uses = re.findall(rf"\$\{{{secret}([^}}]*)\}}", text)
        assert uses
        assert all(use.startswith(":?") for use in uses), secret


def test_servers_are_reached_by_no_one_outside(services: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert list(published) == ["web"]
    assert published["web"] == ["${PLUMBLINE_BIND:-127.0.0.1}:${PLUMBLINE_PORT:-8000}:8000"]


def test_the_image_runs_as_an_ordinary_user_and_copies_what_is_there() -> None:
    lines = [line.strip() for line in DOCKERFILE.read_text().replace("\\\n", " ").splitlines()]
    words = [shlex.split(line, comments=True) for line in lines if not line.startswith("#")]
    instructions = [word for word in words if word]
    assert [word[1] for word in instructions if word[0] == "USER"] == ["plumbline"]
    assert any(word[0] == "HEALTHCHECK" for word in instructions)
    sources = [
        source
        for word in instructions
        if word[0] == "COPY" and not word[1].startswith("--from")
        for source in word[1:-1]
    ]
    assert sources
    assert [source for source in sources if not (BASE / source).exists()] == []


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """What the services get, with embedded servers in the place of those of the compose file."""
    folder = Path(tempfile.mkdtemp(prefix="plumbline-compose-"))
    with EmbeddedServers(folder, durable=False) as servers:
        yield {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PLUMBLINE_DATA": str(folder),
            "DATABASE_URL": servers.postgres.url,
            "REDIS_URL": servers.redis.url,
            "SECRET_KEY": "x" * 50,
            "HOSTNAME": socket.gethostname(),
        }
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
def test_the_commands_of_its_services_get_healthy(
    services: dict[str, Any], environment: dict[str, str], tmp_path: Path
) -> None:
    port = str(_free_port())

    def words(command: list[str]) -> list[str]:
        """A service's own words; only the port is another, since 8000 may be taken here."""
        return [word.replace("8000", port) for word in command]

    def healthy(name: str) -> bool:
        kind, *test = services[name]["healthcheck"]["test"]
        command = words(test) if kind == "CMD" else ["sh", "-c", test[0].replace("$$", "$")]
        return not subprocess.run(
            command, env={**os.environ, **environment}, capture_output=True, check=False, cwd=BASE
        ).returncode

    subprocess.run(
        words(services["migrate"]["command"]), env={**os.environ, **environment}, check=True, cwd=BASE
    )
    with ExitStack() as running:
        for name in ("web", "control", "worker", "beat"):
            program = Program(name, _found(words(services[name]["command"]), environment), environment)
            log = running.enter_context((tmp_path / name).open("ab"))
            process = spawn(program, log, cwd=BASE)
            running.callback(stop, process, program)
        for name in ("web", "control", "worker"):
            wait_for(partial(healthy, name), f"{name} to be healthy", seconds=120)
    assert "Traceback" not in "".join(path.read_text() for path in tmp_path.iterdir())


def _found(command: list[str], environment: dict[str, str]) -> list[str]:
    """The command with its program looked up on the services' own PATH."""
    program = shutil.which(command[0], path=environment["PATH"])
    assert program, command[0]
    return [program, *command[1:]]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
