"""A whole running Plumbline for a test, and a client that talks to it as a browser would."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

BASE = Path(__file__).resolve().parent.parent.parent
PATIENCE = 240.0


class Api:
    """A logged-in session. Every answer must be a success, unless ``ask`` is used."""

    def __init__(self, address: str, username: str, password: str) -> None:
        self.address = address
        self._http = httpx.Client(base_url=f"{address}/api", timeout=60.0)
        self._http.get("/session")
        self.post("/session", username=username, password=password)

    def ask(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        headers = {"X-CSRFToken": self._http.cookies.get("csrftoken") or "", "Referer": self.address}
        return self._http.request(method, path, headers=headers, **arguments)

    def get(self, path: str) -> Any:
        return self._value(self.ask("GET", path))

    def post(self, path: str, **body: Any) -> Any:
        return self._value(self.ask("POST", path, json=body))

    def upload(self, path: str, text: str) -> Any:
        return self._value(self.ask("POST", path, files={"file": ("prompts.jsonl", text.encode())}))

    def cookies(self) -> str:
        """The session, for a client of another protocol."""
        return "; ".join(f"{name}={value}" for name, value in self._http.cookies.items())

    @staticmethod
    def _value(answer: httpx.Response) -> Any:
        assert answer.is_success, f"{answer.request.url}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


class House:
    """A `manage.py up` in a process of its own, on a data folder and a port of its own."""

    starter = BASE / "training" / "starter" / "model"

    def __init__(self, data: Path) -> None:
        self.data = data
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *arguments: str) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        named = ("DATABASE_URL", "REDIS_URL", "PLUMBLINE_DATA")
        environment = {name: value for name, value in os.environ.items() if name not in named}
        environment |= {"STAGE_STALE_SECONDS": "5", "OMP_NUM_THREADS": "1"}
        command = [sys.executable, str(BASE / "manage.py"), "up", "--data", str(self.data)]
        with (self.data / "up.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--port", str(self.port), *arguments], stdout=log, stderr=log, env=environment
            )
        wait_for(self._is_ready, "the web server to be ready")

    def stop(self) -> int:
        """Ctrl-C; returns the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(90)

    def kill(self) -> None:
        """kill -9 of the supervisor itself."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def login(self, role: str = "admin") -> Api:
        return Api(self.address, role, json.loads((self.data / "logins.json").read_text())[role])

    def member(self, admin: Api, campaign: int, name: str) -> Api:
        """A new annotator of the campaign."""
        made = admin.post("/users", username=name, role="annotator")
        admin.post(f"/campaigns/{campaign}/members", username=name)
        return Api(self.address, name, made["password"])

    def processes(self, *words: str) -> list[psutil.Process]:
        """The processes of this house whose command line holds all of ``words``."""
        return [
            process
            for process in psutil.process_iter(["cmdline"])
            if (line := " ".join(process.info["cmdline"] or [])) and all(word in line for word in words)
            and self._is_ours(process)
        ]  # fmt: skip

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return str(self.data) in " ".join(process.cmdline()) or (
                process.environ().get("PLUMBLINE_DATA") == str(self.data)
            )
        except psutil.Error:
            return False

    def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.data / "up.log").read_text()
        try:
            return httpx.get(f"{self.address}/readyz", timeout=5.0).is_success
        except httpx.TransportError:
            return False


@contextmanager
def running(data: Path, *arguments: str) -> Iterator[House]:
    """A house that is running and is stopped at the end, whatever happens."""
    house = House(data)
    try:
        house.start(*arguments)
        yield house
    finally:
        if house.process is not None and house.process.poll() is None:
            house.stop()


def wait_for(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """What ``condition`` says as soon as it is true; fails after ``seconds``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.2)
    raise AssertionError(f"Waited {seconds:.0f} s in vain for {what}.")


def wait_for_state(api: Api, round_id: int, *states: str) -> dict[str, Any]:
    """The round as soon as it is in one of ``states``; fails at once when it failed."""

    def arrived() -> dict[str, Any] | None:
        answer = api.ask("GET", f"/rounds/{round_id}")
        if not answer.is_success:
            return None
        round: dict[str, Any] = answer.json()
        assert round["state"] != "failed" or "failed" in states, round["failure"]
        return round if round["state"] in states else None

    found: dict[str, Any] = wait_for(arrived, f"round {round_id} to be {' or '.join(states)}")
    return found


def prompts(train: int, heldout: int) -> str:
    """A prompt file."""
    rows = [
        {"prompt": f"Write a short thank-you note to {split} neighbour number {number}.", "split": split}
        for split, count in (("train", train), ("heldout", heldout))
        for number in range(count)
    ]
    return "\n".join(json.dumps({**row, "id": str(number)}) for number, row in enumerate(rows))


def rank(api: Api, campaign: int, most: int = 10**6) -> list[str]:
    """Rank by length until nothing waits, or ``most`` are done; returns the annotations' ids."""
    done: list[str] = []
    while len(done) < most:
        assignments = api.post(f"/campaigns/{campaign}/lease", want=1)["assignments"]
        if not assignments:
            break
        done.append(submit(api, assignments[0]))
    return done


def submit(api: Api, assignment: dict[str, Any], **said: Any) -> str:
    """Rank one assignment by length, and say this too."""
    completions: Sequence[dict[str, Any]] = assignment["completions"]
    order = sorted(completions, key=lambda item: (-len(item["text"]), item["position"]))
    answer = api.post(
        f"/assignments/{assignment['uid']}/submit",
        client_id=str(uuid.uuid4()),
        ranking=[item["position"] for item in order],
        gaps=[1] * (len(order) - 1),
        **said,
    )
    return str(answer["uid"])
