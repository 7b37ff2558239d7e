"""A client of the public HTTP API: all that a simulation knows of a server."""

from __future__ import annotations

import time
from typing import Any

import httpx

TIMEOUT_SECONDS = 60.0
PATIENCE_SECONDS = 120.0
"""How long a request that may be repeated is repeated while the server is away."""


class ApiError(RuntimeError):
    """The server refused; the message is its own sentence."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class ServerAway(RuntimeError):
    """The server does not answer."""


class Client:
    """One person's (or program's) access to a server, by bearer token."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._http = httpx.Client(
            base_url=f"{self._url}/api",
            headers={"Authorization": f"Bearer {token}"},
            timeout=TIMEOUT_SECONDS,
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def get(self, path: str) -> Any:
        """What is at ``path``."""
        return self._send("GET", path, repeatable=True)

    def post(self, path: str, body: dict[str, Any] | None = None, *, repeatable: bool = False) -> Any:
        """The answer to ``body``; sent again while the server is away only if that does no harm."""
        return self._send("POST", path, repeatable=repeatable, json=body or {})

    def patch(self, path: str, body: dict[str, Any]) -> Any:
        """The answer to a change."""
        return self._send("PATCH", path, repeatable=True, json=body)

    def upload(self, path: str, name: str, content: bytes) -> Any:
        """The answer to a file."""
        return self._send("POST", path, repeatable=False, files={"file": (name, content)})

    def _send(self, method: str, path: str, *, repeatable: bool, **content: Any) -> Any:
        deadline = time.monotonic() + PATIENCE_SECONDS
        wait = 0.2
        while True:
            try:
                answer = self._http.request(method, path, **content)
            except httpx.TransportError as problem:
                away: str | None = f"{self._url} does not answer: {problem}"
            else:
                away = f"{self._url} answers {answer.status_code}" if answer.status_code >= 502 else None
                if away is None:
                    return _content(answer)
            if not repeatable or time.monotonic() > deadline:
                raise ServerAway(away)
            time.sleep(wait)
            wait = min(wait * 2, 5.0)


def make_token(url: str, username: str, password: str, name: str) -> str:
    """Log in as a browser would, and make an API token. Raises :class:`ApiError`."""
    with httpx.Client(base_url=f"{url.rstrip('/')}/api", timeout=TIMEOUT_SECONDS) as browser:
        _content(browser.get("/session"))
        login = {"username": username, "password": password}
        _content(browser.post("/session", json=login, headers=_csrf(browser)))
        return str(_content(browser.post("/tokens", json={"name": name}, headers=_csrf(browser)))["token"])


def _csrf(browser: httpx.Client) -> dict[str, str]:
    return {"X-CSRFToken": browser.cookies["csrftoken"]}


def _content(answer: httpx.Response) -> Any:
    try:
        body = answer.json() if answer.content else None
    except ValueError:
        body = None
    if answer.is_success:
        return body
    detail = body.get("detail") if isinstance(body, dict) else None
    raise ApiError(answer.status_code, detail or f"{answer.request.url} answered {answer.status_code}.")
