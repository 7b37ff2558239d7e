"""Simulated annotators at work: each is a thread with an account and a token of its own."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from typing import Any
from uuid import uuid4

from annotate.simulation.client import ApiError, Client, make_token
from annotate.simulation.judge import Judge

IDLE_SECONDS = 0.3


@dataclass(frozen=True)
class Annotator:
    """A program that ranks."""

    client: Client
    judge: Judge


@contextmanager
def hired(admin: Client, url: str, campaign_id: int, judges: Sequence[Judge]) -> Iterator[list[Annotator]]:
    """An annotator for each judge: an account, membership and a token; switched off in the end."""
    batch = secrets.token_hex(3)
    accounts: list[int] = []
    annotators: list[Annotator] = []
    try:
        for number, judge in enumerate(judges, start=1):
            name = f"simulated-{batch}-{number}"
            account = admin.post("/users", {"username": name, "role": "annotator"})
            accounts.append(account["id"])
            admin.post(f"/campaigns/{campaign_id}/members", {"username": name})
            token = make_token(url, name, account["password"], "simulation")
            annotators.append(Annotator(Client(url, token), judge))
        yield annotators
    finally:
        for annotator in annotators:
            annotator.client.close()
        for account_id in accounts:
            admin.patch(f"/users/{account_id}", {"is_active": False})


def rank_round(annotators: Sequence[Annotator], campaign_id: int) -> int:
    """Let everybody rank until the round no longer collects; returns how many rankings were accepted."""
    stop = Event()
    with ThreadPoolExecutor(len(annotators)) as pool:
        shifts = [pool.submit(_shift, annotator, campaign_id, stop) for annotator in annotators]
        try:
            return sum(shift.result() for shift in shifts)
        finally:
            # When one of them fails, or the person presses Ctrl-C, the others go home too.
            stop.set()


def _shift(annotator: Annotator, campaign_id: int, stop: Event) -> int:
    accepted = 0
    while not stop.is_set():
        # Leasing again gives the same leases, so it may be repeated.
        leased = annotator.client.post(f"/campaigns/{campaign_id}/lease", {"want": 2}, repeatable=True)
        if leased["progress"]["reason"] == "no_open_round":
            break
        for task in leased["assignments"]:
            accepted += _answer(annotator, task)
        if not leased["assignments"]:
            stop.wait(IDLE_SECONDS)
    return accepted


def _answer(annotator: Annotator, task: dict[str, Any]) -> int:
    verdict = annotator.judge.rank(task["prompt"], [completion["text"] for completion in task["completions"]])
    answer = {"client_id": str(uuid4()), "ranking": verdict.ranking, "gaps": verdict.gaps}
    try:
        annotator.client.post(f"/assignments/{task['uid']}/submit", answer, repeatable=True)
    except ApiError as refusal:
        # The lease ran out, or the round ended meanwhile: somebody else ranks it, or nobody needs to.
        if refusal.status != 409:
            raise
        return 0
    return 1
