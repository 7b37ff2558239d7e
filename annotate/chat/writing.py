"""What may happen to a turn while it is answered: compare-and-sets, each by whoever holds its claim.

A chat process holds a turn while its state is ``writing`` and ``attempt`` and ``worker`` are its own. One
that was not heard of for a while has lost it: what it writes then takes no effect any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import F, Max, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from annotate.chat.conversations import notify, said_so_far
from annotate.chat.models import Conversation, Turn, TurnState
from annotate.chat.sources import Voice
from annotate.chat.telling import tell
from annotate.prompts.jsonl import ParsedPrompt
from annotate.prompts.models import Prompt
from annotate.ranking.models import Assignment, Comparison, Completion
from annotate.ranking.queue import lease_deadline
from annotate.rounds.models import Round, RoundState
from annotate.rounds.services import hold_state
from annotate.text import storable
from training.contracts import Message

STALE_SECONDS = 10.0
MAX_LOSSES = 3
"""A turn that loses whoever answers it this often is not unlucky."""


@dataclass(frozen=True)
class Claim:
    """The right of one chat process to write to a turn."""

    turn_id: int
    attempt: int
    worker: str

    def rows(self) -> QuerySet[Turn]:
        """The turn's row if it is still this process's, else nothing."""
        return Turn.objects.filter(
            pk=self.turn_id, state=TurnState.WRITING, attempt=self.attempt, worker=self.worker
        )


@dataclass(frozen=True)
class Written:
    """A whole reply; without ``token_ids`` where a server of others wrote it."""

    text: str
    finish: str
    token_ids: Sequence[int] = ()
    logprobs: Sequence[float] = ()


def claim_next(*, worker: str) -> Claim | None:
    """Take up the turn that has waited longest; None when none waits."""
    with transaction.atomic():
        waiting = Turn.objects.filter(state=TurnState.WAITING).order_by("pk")
        turn = waiting.select_for_update(skip_locked=True).first()
        if turn is None:
            return None
        turn.state, turn.worker, turn.attempt, turn.drafts = TurnState.WRITING, worker, turn.attempt + 1, []
        turn.save(update_fields=["state", "worker", "attempt", "drafts"])
        Turn.objects.filter(pk=turn.pk).update(heartbeat_at=Now())
        tell(turn.conversation.uid)
    return Claim(turn.pk, turn.attempt, worker)


def messages_of(turn: Turn) -> list[Message]:
    """What the models are asked: the conversation so far and the message of this turn."""
    before = said_so_far(turn.conversation, before=turn.number)
    return [*before, {"role": "user", "content": turn.text}]


def store_drafts(claim: Claim, drafts: Sequence[str]) -> bool:
    """Keep how far the replies are, as a sign of life too; False when the claim is lost."""
    return bool(claim.rows().update(drafts=[storable(text) for text in drafts], heartbeat_at=Now()))


def complete(claim: Claim, *, voices: Sequence[Voice], written: Sequence[Written]) -> bool:
    """Make the turn's comparison, leased to its author; or fail it where all is over by now.

    Returns whether the claim still held.
    """
    with transaction.atomic():
        turn = claim.rows().select_related("conversation__round").first()
        if turn is None:
            return False
        conversation = turn.conversation
        _hold_places(conversation.round_id)
        state = hold_state(round_id=conversation.round_id)
        if state != RoundState.COLLECTING or conversation.ended_at is not None:
            return fail(claim, sentence="It ended before the replies were written.", lasting=True)
        if claim.rows().select_for_update(of=("self",)).first() is None:
            return False
        prompt = _prompt(turn)
        comparison = Comparison.objects.create(
            round_id=conversation.round_id,
            prompt=prompt,
            position=_next_place(conversation.round_id),
            overlap=1,
            taken=1,
        )
        Completion.objects.bulk_create(
            _completion(comparison, voice, reply) for voice, reply in zip(voices, written, strict=True)
        )
        now = timezone.now()
        Assignment.objects.create(
            comparison=comparison,
            annotator_id=conversation.annotator_id,
            order=turn.order,
            leased_at=now,
            deadline=lease_deadline(now),
        )
        claim.rows().update(state=TurnState.READY, comparison=comparison, drafts=[])
        tell(conversation.uid)
    return True


def fail(claim: Claim, *, sentence: str, lasting: bool = False) -> bool:
    """Let the author know why there is no answer; False when the claim is lost."""
    with transaction.atomic():
        turn = claim.rows().select_related("conversation").first()
        failed = claim.rows().update(
            state=TurnState.FAILED, failure=storable(sentence), lasting=lasting, drafts=[]
        )
        if turn is not None:
            tell(turn.conversation.uid)
    return bool(failed)


def lose(claim: Claim, *, sentence: str) -> None:
    """Whatever wrote the replies was lost: the turn waits again, or fails when that happened too often."""
    _lost(claim.rows(), sentence)


def give_back(claim: Claim) -> None:
    """Let the turn wait for another process, in good order."""
    with transaction.atomic():
        if claim.rows().update(state=TurnState.WAITING, drafts=[]):
            notify()


def requeue_lost() -> None:
    """Let turns wait again whose chat process was not heard of any more."""
    silent = Turn.objects.filter(
        state=TurnState.WRITING, heartbeat_at__lt=Now() - timedelta(seconds=STALE_SECONDS)
    )
    for turn_id in silent.values_list("pk", flat=True):
        _lost(silent.filter(pk=turn_id), "The process that answers in chats stopped again and again.")


def _lost(rows: QuerySet[Turn], sentence: str) -> None:
    with transaction.atomic():
        turn = rows.select_related("conversation").select_for_update(of=("self",)).first()
        if turn is None:
            return
        turn.losses += 1
        turn.drafts = []
        gives_up = turn.losses >= MAX_LOSSES
        turn.state = TurnState.FAILED if gives_up else TurnState.WAITING
        turn.failure = sentence if gives_up else ""
        turn.save(update_fields=["losses", "drafts", "state", "failure"])
        notify()
        tell(turn.conversation.uid)


def _hold_places(round_id: int) -> None:
    """Give out the places in a round's queue one after another."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('chat'), %s)", [round_id])


def _next_place(round_id: int) -> int:
    newest = Comparison.objects.filter(round=round_id).aggregate(newest=Max("position"))["newest"]
    return 0 if newest is None else newest + 1


def _prompt(turn: Turn) -> Prompt:
    """The turn's prompt; one that the campaign holds keeps its split, and the conversation takes it."""
    conversation = turn.conversation
    messages = messages_of(turn)
    prompt, is_new = Prompt.objects.get_or_create(
        campaign_id=Round.objects.values_list("campaign", flat=True).get(pk=conversation.round_id),
        digest=ParsedPrompt(messages, "", "").digest,
        defaults={"messages": messages, "split": conversation.split},
    )
    if not is_new and turn.number == 1:
        Conversation.objects.filter(pk=conversation.pk).update(split=prompt.split)
    Prompt.objects.filter(pk=prompt.pk).update(used=F("used") + 1)
    return prompt


def _completion(comparison: Comparison, voice: Voice, reply: Written) -> Completion:
    return Completion(
        comparison=comparison,
        index=voice.index,
        checkpoint=voice.checkpoint,
        text=storable(reply.text),
        token_ids=list(reply.token_ids),
        logprobs=list(reply.logprobs),
        temperature=voice.temperature,
        top_p=voice.top_p,
        seed=voice.seed,
        finish=reply.finish,
    )
