"""What an annotator does in a chat: begin, write, try again, take back, finish."""

from __future__ import annotations

import uuid
from random import Random

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone
from rest_framework.exceptions import NotFound, PermissionDenied

from annotate.accounts.models import User
from annotate.campaigns.access import require_member
from annotate.campaigns.chat import Chat
from annotate.campaigns.models import Campaign, CampaignKind, Membership
from annotate.chat.models import Conversation, Turn, TurnState
from annotate.chat.own_leases import give_up_own, take_up_own
from annotate.chat.progress import has_room
from annotate.chat.telling import tell
from annotate.errors import Conflict, Invalid
from annotate.prompts.jsonl import MAX_PROMPT_CHARS
from annotate.prompts.models import Prompt, Split
from annotate.ranking.models import Annotation
from annotate.ranking.progress import open_round
from annotate.rounds.models import Round, RoundState
from annotate.rounds.services import hold_state
from annotate.text import unstorable
from training.contracts import Message

NOTIFY = "SELECT pg_notify('plumbline_chat', %s)"


def open_conversation(*, campaign: Campaign, user: User) -> Conversation | None:
    """This person's conversation in the campaign's round, if one is open.

    What they hold is held again, and the models are made ready for what they will write. Raises 403 to
    non-members.
    """
    require_member(campaign, user)
    round = _collecting_round(campaign)
    if round is None:
        return None
    take_up_own(round_id=round.pk, annotator_id=user.pk, now=timezone.now())
    notify(round_id=round.pk)
    return Conversation.objects.filter(round=round, annotator=user, ended_at=None).first()


def start_conversation(*, campaign: Campaign, user: User) -> tuple[Conversation, bool]:
    """This person's conversation in the campaign's round, begun if none is open; and whether it is new.

    Raises 403 to non-members, :class:`Conflict` when the campaign is no chat or wants no more.
    """
    require_member(campaign, user)
    if campaign.kind != CampaignKind.CHAT:
        raise Conflict(f"{campaign.name} is not a chat: its replies are there to be ranked.")
    round = _collecting_round(campaign)
    if round is None:
        raise Conflict(f"No round of {campaign.name} collects at the moment.")
    found = Conversation.objects.filter(round=round, annotator=user, ended_at=None).first()
    if found is not None:
        return found, False
    _require_room(round)
    try:
        with transaction.atomic():
            split = _draw_split(round)
            return Conversation.objects.create(round=round, annotator=user, split=split), True
    except IntegrityError:
        # Another tab was quicker.
        return Conversation.objects.get(round=round, annotator=user, ended_at=None), False


def find_conversation(*, user: User, uid: uuid.UUID) -> Conversation:
    """One's own conversation. Raises 404 when there is none, 403 when it is another's or one is no member."""
    found = Conversation.objects.filter(uid=uid).select_related("round__campaign").first()
    if found is None:
        raise NotFound("There is no such conversation.")
    if found.annotator_id != user.pk:
        raise PermissionDenied("This conversation is another annotator's.")
    if not Membership.objects.filter(campaign=found.round.campaign, user=user).exists():
        raise PermissionDenied(f"You are no longer a member of {found.round.campaign.name}.")
    return found


def write_turn(*, user: User, uid: uuid.UUID, number: int, text: str) -> tuple[Turn, bool]:
    """Say something; returns the turn, and whether it is new. The chat process has it answered.

    The turn before goes on with its best reply. The same text under the same ``number`` again counts once.
    Raises 403, 404, :class:`Invalid` for a text of the wrong length or that cannot be stored, and
    :class:`Conflict` when it is not one's turn to write, or the round wants no more.
    """
    found = find_conversation(user=user, uid=uid)
    chat = Chat.parse(found.round.campaign.chat)
    _check_text(text, chat)
    with transaction.atomic():
        conversation, turns = _hold(found)
        if 0 < number <= len(turns) and turns[number - 1].text == text:
            return turns[number - 1], False
        if number != len(turns) + 1:
            raise Conflict("This conversation has gone on elsewhere: look at it again.")
        if number > chat.turns:
            raise Conflict(f"A conversation here has at most {chat.turns} turns: finish it.")
        _require_room(found.round)
        _go_on(turns)
        if len(text) + sum(len(each["content"]) for each in said_so_far(conversation)) > MAX_PROMPT_CHARS:
            raise Conflict(f"This conversation would exceed {MAX_PROMPT_CHARS:,} characters: finish it.")
        order = list(range(int(found.round.recipe["k"])))
        Random(uuid.uuid4().int).shuffle(order)
        turn = Turn.objects.create(conversation=conversation, number=number, text=text, order=order)
        Conversation.objects.filter(pk=conversation.pk).update(draft="")
        notify()
        tell(conversation.uid)
    return turn, True


def retry_turn(*, user: User, uid: uuid.UUID) -> None:
    """Have the last turn answered again after it failed; again while it waits changes nothing.

    Raises 403, 404 and :class:`Conflict` when it did not fail.
    """
    found = find_conversation(user=user, uid=uid)
    with transaction.atomic():
        conversation, turns = _hold(found)
        turn = turns[-1] if turns else None
        if turn is None or turn.state == TurnState.READY:
            raise Conflict("There is nothing to try again.")
        if turn.state == TurnState.FAILED:
            turn.state, turn.failure, turn.lasting, turn.losses = TurnState.WAITING, "", False, 0
            turn.save(update_fields=["state", "failure", "lasting", "losses"])
            notify()
            tell(conversation.uid)


def take_back_turn(*, user: User, uid: uuid.UUID) -> None:
    """Take back a message that failed; its text becomes the draft, to be put otherwise.

    Raises 403, 404 and :class:`Conflict` when the last turn did not fail.
    """
    found = find_conversation(user=user, uid=uid)
    with transaction.atomic():
        conversation, turns = _hold(found)
        if not turns or turns[-1].state != TurnState.FAILED:
            raise Conflict("Only a message that could not be answered can be taken back.")
        turn = turns[-1]
        Conversation.objects.filter(pk=conversation.pk).update(draft=turn.text)
        turn.delete()
        tell(conversation.uid)


def finish_conversation(*, user: User, uid: uuid.UUID) -> None:
    """End a conversation; what was ranked stays, and what was not is asked of nobody else.

    Finishing again changes nothing. Raises 403, 404.
    """
    found = find_conversation(user=user, uid=uid)
    with transaction.atomic():
        conversation = Conversation.objects.select_for_update().get(pk=found.pk)
        if conversation.ended_at is None:
            conversation.ended_at = timezone.now()
            conversation.save(update_fields=["ended_at"])
            last = conversation.turns.order_by("number").last()
            if last is not None and last.comparison_id is not None:
                give_up_own(comparison_id=last.comparison_id)
            tell(conversation.uid)


def save_prompt_draft(*, user: User, uid: uuid.UUID, text: str) -> None:
    """Keep the message that one is writing. Raises 403, 404 and :class:`Invalid`."""
    conversation = find_conversation(user=user, uid=uid)
    if fault := unstorable(text):
        raise Invalid(f"The draft cannot be kept: {fault}.")
    Conversation.objects.filter(pk=conversation.pk, ended_at=None).update(draft=text)


def said_so_far(conversation: Conversation, before: int | None = None) -> list[Message]:
    """The conversation as its models saw it: every turn before ``before`` with the reply it went on with."""
    turns = conversation.turns.filter(chosen__isnull=False).order_by("number")
    if before is not None:
        turns = turns.filter(number__lt=before)
    said: list[Message] = []
    for turn in turns.select_related("comparison").prefetch_related("comparison__completions"):
        assert turn.comparison is not None
        assert turn.chosen is not None
        replies = {reply.index: reply.text for reply in turn.comparison.completions.all()}
        said.append({"role": "user", "content": turn.text})
        said.append({"role": "assistant", "content": replies[turn.chosen]})
    return said


def best_of(turn: Turn) -> int | None:
    """The index of the reply that the turn's standing annotation puts first; None while there is none."""
    standing = Annotation.objects.filter(assignment__comparison=turn.comparison_id, withdrawn_at=None)
    annotation = standing.first() if turn.comparison_id else None
    return annotation.ranking[0] if annotation else None


def _collecting_round(campaign: Campaign) -> Round | None:
    round = open_round(campaign) if campaign.kind == CampaignKind.CHAT else None
    return round if round is not None and round.state == RoundState.COLLECTING else None


def _require_room(round: Round) -> None:
    if not has_room(round):
        raise Conflict("This round has the comparisons it wants: no more are written.")


def _draw_split(round: Round) -> str:
    """Held out in the recipe's share; and one after the first, where there is nothing to measure on yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('chat'), %s)", [round.pk])
    share, number = float(round.recipe["heldout_share"]), round.conversations.count() + 1
    measured = Prompt.objects.filter(campaign=round.campaign_id, split=Split.HELDOUT).exists()
    # One that ended before anything was said measures nothing.
    going = Q(ended_at=None) | Q(turns__isnull=False)
    measured = measured or round.conversations.filter(going, split=Split.HELDOUT).exists()
    due = int(number * share) > int((number - 1) * share)
    return Split.HELDOUT if due or (number > 1 and not measured) else Split.TRAIN


def _check_text(text: str, chat: Chat) -> None:
    if fault := unstorable(text):
        raise Invalid(f"This message cannot be stored: {fault}.")
    length = len(text.strip())
    if length < chat.prompt_min:
        raise Invalid(f"A message here has at least {chat.prompt_min} characters; this one has {length}.")
    if len(text) > chat.prompt_max:
        raise Invalid(
            f"A message here has at most {chat.prompt_max:,} characters; this one has {len(text):,}."
        )


def _hold(found: Conversation) -> tuple[Conversation, list[Turn]]:
    """The conversation as it is now, locked in a round that still collects, and its turns."""
    if hold_state(round_id=found.round_id) != RoundState.COLLECTING:
        raise Conflict("This round no longer collects: what you ranked is kept.")
    conversation = Conversation.objects.select_for_update().get(pk=found.pk)
    if conversation.ended_at is not None:
        raise Conflict("This conversation is finished: begin another.")
    return conversation, list(conversation.turns.select_for_update().order_by("number"))


def _go_on(turns: list[Turn]) -> None:
    """Settle which reply the last turn goes on with: the best of its ranking."""
    if not turns:
        return
    last = turns[-1]
    best = best_of(last)
    if best is None:
        raise Conflict("The replies to your last message are not ranked yet: rank them before you go on.")
    last.chosen = best
    last.save(update_fields=["chosen"])


def notify(*, round_id: int | None = None) -> None:
    """Wake the chat processes once this is committed; those of a round make its models ready."""
    with connection.cursor() as cursor:
        cursor.execute(NOTIFY, [str(round_id or "")])
