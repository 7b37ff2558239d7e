"""Answering one turn: its replies are asked for, shown as they come, kept, and made a comparison."""

from __future__ import annotations

import itertools
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.db import close_old_connections

from annotate.campaigns.recipe import Recipe
from annotate.chat import endpoint, writing
from annotate.chat.events import Event, Fits, Piece, Trouble, Whole
from annotate.chat.generator import BROKEN, Generator, Hear
from annotate.chat.models import Turn
from annotate.chat.sources import Voice, voices_of
from annotate.chat.telling import Teller
from annotate.chat.writing import Claim, Written, messages_of
from annotate.errors import Invalid
from annotate.rounds.digests import model_location
from training.contracts import Message

log = logging.getLogger(__name__)

SHOW_SECONDS = 0.05
STORE_SECONDS = 0.5


@dataclass
class Replies:
    """How far the replies of a turn are, by index; ``fresh`` is what the pages have not been sent yet.

    They ``fit`` when the model that the round trains can learn from them, as it can from its own.
    """

    drafts: list[str]
    fit: bool
    whole: dict[int, Written] = field(default_factory=dict)
    fresh: dict[int, str] = field(default_factory=dict)

    def hear(self, event: Piece | Whole | Fits) -> None:
        """Take in what one of the models said, or was said of them all."""
        if isinstance(event, Piece):
            self.drafts[event.index] = self.drafts[event.index][: event.at] + event.text
            self.fresh[event.index] = self.fresh.get(event.index, "") + event.text
        elif isinstance(event, Whole):
            self.whole[event.index] = event.reply
        else:
            self.fit = True

    @property
    def is_done(self) -> bool:
        """Whether every reply is whole."""
        return len(self.whole) == len(self.drafts)


class Pages:
    """Those that show a turn: they see each reply at its position, and nothing of where it comes from."""

    def __init__(self, turn: Turn, teller: Teller) -> None:
        self._position = {index: place for place, index in enumerate(turn.order)}
        self._about = {"turn": turn.number, "attempt": turn.attempt}
        self._conversation = turn.conversation.uid
        self._teller = teller

    def show(self, replies: Replies) -> None:
        """Send what is new."""
        pieces = [
            {"position": self._position[index], "at": len(replies.drafts[index]) - len(text), "text": text}
            for index, text in replies.fresh.items()
        ]
        replies.fresh.clear()
        if pieces:
            self._teller.send(self._conversation, {"type": "pieces", **self._about, "pieces": pieces})

    def look(self) -> None:
        """Have them read what is kept, in case they missed a piece."""
        self._teller.send(self._conversation, {"type": "poke"})


def answer(claim: Claim, *, generator: Generator, teller: Teller, stopping: threading.Event) -> None:
    """Have the claimed turn answered, whatever comes of it."""
    turns = Turn.objects.select_related("conversation__round__campaign", "conversation__round__start_policy")
    turn = turns.get(pk=claim.turn_id)
    try:
        voices, messages = voices_of(turn), messages_of(turn)
    except Invalid as problem:
        log.error("Turn %s cannot be answered: %s", claim.turn_id, problem.detail)
        writing.fail(claim, sentence=BROKEN)
        return
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    limit = Recipe.parse(turn.conversation.round.recipe).max_new_tokens
    over = threading.Event()
    for voice in voices:
        if voice.url:
            heard = (voice, messages, limit, events.put, over)
            threading.Thread(target=_listen, args=heard, daemon=True).start()
    asked = _ask(generator, [voice for voice in voices if not voice.url], messages, limit, events.put)
    champion = model_location(turn.conversation.round.start_policy.path)

    def weigh(texts: Sequence[str]) -> None:
        asked.append(generator.ask_whether_it_fits(champion, messages, texts, hear=events.put))

    try:
        _follow(claim, voices, Pages(turn, teller), events, weigh, stopping)
    finally:
        over.set()
        for name in asked:
            generator.cancel(name)
        close_old_connections()


def _ask(
    generator: Generator, voices: Sequence[Voice], messages: Sequence[Message], limit: int, hear: Hear
) -> list[str]:
    """Ask the own models, each for all that it writes; returns what the generator calls the requests."""
    by_model = itertools.groupby(sorted(voices, key=_model_of), key=_model_of)
    return [generator.ask(list(group), messages, max_new_tokens=limit, hear=hear) for _, group in by_model]


def _model_of(voice: Voice) -> str:
    return voice.model


def _listen(voice: Voice, messages: Sequence[Message], limit: int, hear: Hear, over: threading.Event) -> None:
    """Hear a server of others to the end, or until nobody wants its reply any more."""
    try:
        for event in endpoint.listen(voice, messages, max_new_tokens=limit):
            hear(event)
            if over.is_set():
                return
    except Exception:
        # Nobody else would tell whoever waits for this reply.
        log.exception("Listening to %s failed", voice.url)
        hear(Trouble(BROKEN))


def _follow(
    claim: Claim,
    voices: Sequence[Voice],
    pages: Pages,
    events: queue.SimpleQueue[Event],
    weigh: Callable[[Sequence[str]], None],
    stopping: threading.Event,
) -> None:
    """Take in what is said until every reply is whole; show it at once, and keep it now and then.

    Those of others are weighed then: people shall not rank what the round cannot be trained on.
    """
    replies = Replies([""] * len(voices), fit=not any(voice.url for voice in voices))
    shown = stored = time.monotonic()
    while not (replies.is_done and replies.fit):
        try:
            event = events.get(timeout=SHOW_SECONDS)
        except queue.Empty:
            event = None
        if isinstance(event, Trouble):
            _give_up(claim, event)
            return
        if event is not None:
            replies.hear(event)
            if isinstance(event, Whole) and replies.is_done and not replies.fit:
                weigh([reply.text for reply in replies.whole.values()])
        now = time.monotonic()
        if now - shown >= SHOW_SECONDS and replies.fresh:
            shown = now
            pages.show(replies)
        if now - stored >= STORE_SECONDS:
            stored = now
            if not _store(claim, replies, pages):
                return
            if stopping.is_set():
                writing.give_back(claim)
                return
    pages.show(replies)
    written = [replies.whole[voice.index] for voice in voices]
    if not writing.complete(claim, voices=voices, written=written):
        log.warning("Turn %s is no longer ours; its replies are not kept.", claim.turn_id)


def _store(claim: Claim, replies: Replies, pages: Pages) -> bool:
    if not writing.store_drafts(claim, replies.drafts):
        log.warning("Turn %s is no longer ours; nothing more is written.", claim.turn_id)
        return False
    close_old_connections()
    pages.look()
    return True


def _give_up(claim: Claim, trouble: Trouble) -> None:
    log.warning("Turn %s: %s %s", claim.turn_id, trouble.sentence, trouble.detail)
    if trouble.lost:
        writing.lose(claim, sentence=f"{trouble.sentence} It was tried {writing.MAX_LOSSES} times.")
    else:
        writing.fail(claim, sentence=trouble.sentence, lasting=trouble.lasting)
