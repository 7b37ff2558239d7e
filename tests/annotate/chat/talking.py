"""A chat round that collects, and a chat process that answers in it."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
from django.conf import settings
from django.db import connection

from annotate.campaigns.models import Membership
from annotate.campaigns.services import create_campaign
from annotate.chat.conversations import start_conversation, write_turn
from annotate.chat.models import Conversation, Turn
from annotate.chat.sources import voices_of
from annotate.chat.writing import Written, claim_next, complete
from annotate.processes import Program, spawn, stop
from annotate.ranking.answers import Answer
from annotate.ranking.submissions import submit
from annotate.rounds.models import Round, RoundState
from annotate.rounds.services import launch_round
from annotate.rounds.transitions import move
from tests.annotate.collecting import annotator

BASE = Path(__file__).resolve().parents[3]


def chat_round(*, members: int = 1, chat: dict[str, Any] | None = None, **recipe: Any) -> Round:
    """A round of a new chat campaign that collects."""
    campaign = create_campaign(
        creator=None, name=f"Chat {uuid.uuid4().hex[:8]}", kind="chat", recipe=recipe, chat=chat
    )
    for _ in range(members):
        Membership.objects.create(campaign=campaign, user=annotator())
    return move(round=launch_round(campaign=campaign, overrides={}, actor=None), to=RoundState.COLLECTING)


def begin(round: Round) -> Conversation:
    """A conversation of the round's first member."""
    user = round.campaign.memberships.order_by("pk")[0].user
    return start_conversation(campaign=round.campaign, user=user)[0]


def say(conversation: Conversation, text: str) -> Turn:
    """The next message of the conversation."""
    number = conversation.turns.count() + 1
    user = conversation.annotator
    return write_turn(user=user, uid=conversation.uid, number=number, text=text)[0]


def answered(conversation: Conversation, text: str) -> Turn:
    """The next message, with replies ``reply 0 to TEXT`` and so on that no model wrote."""
    turn = say(conversation, text)
    claim = claim_next(worker="test")
    assert claim is not None
    voices = voices_of(Turn.objects.get(pk=turn.pk))
    written = [Written(f"reply {voice.index} to {text}", "stop", [5, 1], [-0.5, -0.1]) for voice in voices]
    assert complete(claim, voices=voices, written=written)
    return Turn.objects.get(pk=turn.pk)


def rank(turn: Turn, *, best: int = 0) -> uuid.UUID:
    """A ranking that puts the reply at position ``best`` first."""
    assert turn.comparison is not None
    assignment = turn.comparison.assignments.get()
    others = [place for place in range(len(turn.order)) if place != best]
    answer = Answer(ranking=[best, *others], gaps=[1] * len(others))
    return submit(user=assignment.annotator, uid=assignment.uid, client_id=uuid.uuid4(), answer=answer)[0]


@contextmanager
def chat_process(folder: Path, **environment: str) -> Iterator[psutil.Process]:
    """``manage.py chat`` on the tests' database; its log is in ``folder``."""
    database = urlsplit(settings.DATABASE_URL)._replace(path=f"/{connection.settings_dict['NAME']}")
    program = Program(
        name="chat",
        argv=[sys.executable, str(BASE / "manage.py"), "chat"],
        environment={
            "DATABASE_URL": database.geturl(),
            "REDIS_URL": settings.REDIS_URL,
            "PLUMBLINE_DATA": os.environ["PLUMBLINE_DATA"],
            "OMP_NUM_THREADS": "1",
            **environment,
        },
    )
    with (folder / "chat.log").open("ab") as log:
        process = spawn(program, log, cwd=BASE)
        try:
            yield psutil.Process(process.pid)
        finally:
            stop(process, program)
