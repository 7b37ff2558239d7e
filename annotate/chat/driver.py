"""The chat process (``manage.py chat``): takes up turns as they are written and has them answered.

It only waits for others, the models' own process and servers elsewhere, so one of it has many turns in hand.
Any number of chat processes may run: a turn belongs to the one that claimed it, and one whose process died is
taken up by the next.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import uuid
from concurrent.futures import Future, ThreadPoolExecutor

from django.db import InterfaceError, OperationalError, close_old_connections, connection

from annotate.chat import writing
from annotate.chat.answering import answer
from annotate.chat.generator import Generator
from annotate.chat.sources import own_models
from annotate.chat.telling import Teller
from annotate.errors import Invalid
from annotate.rounds.models import Round

log = logging.getLogger(__name__)

MOST_TURNS = 16
LOOK_SECONDS = 1.0
READY_SECONDS = 60.0
"""A round's models are made ready this often at most, however many pages ask for it."""
AWAY = (OperationalError, InterfaceError)


class Driver:
    """Runs until ``stopping`` is set; what it has in hand then is left for the next one, in good order."""

    def __init__(self, stopping: threading.Event) -> None:
        self._stopping = stopping
        self._worker = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:12]}"
        self._generator = Generator()
        self._teller = Teller()
        self._pool = ThreadPoolExecutor(MOST_TURNS, thread_name_prefix="turn")
        self._in_hand: set[Future[None]] = set()
        self._made_ready: dict[int, float] = {}

    def run(self) -> None:
        """Look for turns whenever one is written, and about every second."""
        try:
            while not self._stopping.is_set():
                try:
                    self._look()
                    self._wait()
                except AWAY as problem:
                    log.warning("The database is away: %s", str(problem).strip())
                    close_old_connections()
                    self._stopping.wait(LOOK_SECONDS)
        finally:
            self._pool.shutdown()
            self._generator.close()

    def _look(self) -> None:
        # Listened to before the look: what is written in between wakes us rather than being missed.
        with connection.cursor() as cursor:
            cursor.execute("LISTEN plumbline_chat")
        writing.requeue_lost()
        self._generator.rest()
        self._in_hand = {future for future in self._in_hand if not future.done()}
        while len(self._in_hand) < MOST_TURNS:
            claim = writing.claim_next(worker=self._worker)
            if claim is None:
                return
            self._in_hand.add(self._pool.submit(self._answer, claim))

    def _wait(self) -> None:
        if len(self._in_hand) >= MOST_TURNS:
            self._stopping.wait(LOOK_SECONDS / 10)
            return
        # Read to the end first: until then the connection is of no other use.
        for notice in list(connection.connection.notifies(timeout=LOOK_SECONDS, stop_after=1)):
            if notice.payload.isdecimal():
                self._make_ready(int(notice.payload))

    def _make_ready(self, round_id: int) -> None:
        now = time.monotonic()
        if now - self._made_ready.get(round_id, -READY_SECONDS) < READY_SECONDS:
            return
        self._made_ready[round_id] = now
        round = Round.objects.filter(pk=round_id).select_related("campaign", "start_policy").first()
        try:
            models = own_models(round) if round is not None else []
        except Invalid as problem:
            log.warning("Round %s: %s", round_id, problem.detail)
            return
        if models:
            self._generator.make_ready(models)

    def _answer(self, claim: writing.Claim) -> None:
        try:
            answer(claim, generator=self._generator, teller=self._teller, stopping=self._stopping)
        except AWAY as problem:
            # Its heartbeat stops, and the next look that finds the database lets it wait again.
            log.warning("Turn %s: the database is away: %s", claim.turn_id, str(problem).strip())
        except Exception:
            log.exception("Turn %s cannot be answered", claim.turn_id)
            writing.lose(claim, sentence="Something broke inside Plumbline; its log says what. Try again.")
        finally:
            close_old_connections()
