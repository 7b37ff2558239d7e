"""What an annotator does in a chat, and what is refused."""

from __future__ import annotations

import uuid

import pytest
from rest_framework.exceptions import NotFound, PermissionDenied

from annotate.chat.conversations import (
    find_conversation,
    finish_conversation,
    open_conversation,
    retry_turn,
    said_so_far,
    save_prompt_draft,
    start_conversation,
    take_back_turn,
    write_turn,
)
from annotate.chat.models import Conversation, Turn, TurnState
from annotate.chat.progress import is_talked_out
from annotate.chat.writing import claim_next, fail
from annotate.errors import Conflict, Invalid
from annotate.prompts.models import Split
from annotate.ranking.models import Assignment, AssignmentState, Comparison
from annotate.ranking.progress import progress_of
from annotate.ranking.submissions import undo
from annotate.rounds.models import RoundState
from annotate.rounds.transitions import move
from tests.annotate.chat.talking import answered, begin, chat_round, rank, say
from tests.annotate.collecting import annotator, collecting_round, members_of

pytestmark = pytest.mark.django_db


def failed(conversation: Conversation, text: str, *, lasting: bool = False) -> Turn:
    turn = say(conversation, text)
    claim = claim_next(worker="test")
    assert claim is not None
    assert fail(claim, sentence="The model is tired.", lasting=lasting)
    return Turn.objects.get(pk=turn.pk)


def test_a_person_has_one_conversation_at_a_time() -> None:
    round = chat_round()
    [user] = members_of(round)
    assert open_conversation(campaign=round.campaign, user=user) is None
    first, is_new = start_conversation(campaign=round.campaign, user=user)
    assert is_new
    assert start_conversation(campaign=round.campaign, user=user) == (first, False)
    finish_conversation(user=user, uid=first.uid)
    finish_conversation(user=user, uid=first.uid)
    second, is_new = start_conversation(campaign=round.campaign, user=user)
    assert is_new
    assert second != first


def test_a_campaign_of_ready_replies_is_no_chat() -> None:
    round = collecting_round()
    with pytest.raises(Conflict, match="is not a chat"):
        start_conversation(campaign=round.campaign, user=members_of(round)[0])


def test_only_a_member_begins_and_only_while_a_round_collects() -> None:
    round = chat_round()
    with pytest.raises(PermissionDenied):
        start_conversation(campaign=round.campaign, user=annotator())
    move(round=round, to=RoundState.CANCELLED)
    with pytest.raises(Conflict, match="No round of"):
        start_conversation(campaign=round.campaign, user=members_of(round)[0])


def test_anothers_conversation_is_not_to_be_touched() -> None:
    round = chat_round(members=2)
    conversation = begin(round)
    other = members_of(round)[1]
    for act in (finish_conversation, retry_turn, take_back_turn):
        with pytest.raises(PermissionDenied, match="another annotator's"):
            act(user=other, uid=conversation.uid)
    with pytest.raises(PermissionDenied):
        write_turn(user=other, uid=conversation.uid, number=1, text="hello")
    with pytest.raises(PermissionDenied):
        save_prompt_draft(user=other, uid=conversation.uid, text="hello")
    with pytest.raises(NotFound):
        find_conversation(user=other, uid=uuid.uuid4())
    round.campaign.memberships.filter(user=conversation.annotator).delete()
    with pytest.raises(PermissionDenied, match="no longer a member"):
        find_conversation(user=conversation.annotator, uid=conversation.uid)


def test_the_best_reply_goes_on_with_the_conversation() -> None:
    conversation = begin(chat_round())
    first = answered(conversation, "one")
    rank(first, best=1)
    say(conversation, "two")
    best = f"reply {first.order[1]} to one"
    assert said_so_far(conversation) == [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": best},
    ]


def test_it_waits_for_the_ranking_before_it_goes_on() -> None:
    conversation = begin(chat_round())
    say(conversation, "one")
    with pytest.raises(Conflict, match="not ranked yet"):
        say(conversation, "two")
    claim_next(worker="test")
    with pytest.raises(Conflict, match="not ranked yet"):
        say(conversation, "two")
    assert [turn.number for turn in conversation.turns.all()] == [1]


def test_a_ranking_that_was_undone_is_no_ranking() -> None:
    conversation = begin(chat_round())
    undo(user=conversation.annotator, uid=rank(answered(conversation, "one")))
    with pytest.raises(Conflict, match="not ranked yet"):
        say(conversation, "two")


def test_the_same_message_sent_again_counts_once() -> None:
    conversation = begin(chat_round())

    def write(number: int, text: str) -> tuple[Turn, bool]:
        return write_turn(user=conversation.annotator, uid=conversation.uid, number=number, text=text)

    turn, is_new = write(1, "one")
    assert is_new
    assert write(1, "one") == (turn, False)
    for number, text in ((1, "other"), (3, "one")):
        with pytest.raises(Conflict, match="gone on elsewhere"):
            write(number, text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("hi", "has at least 5 characters; this one has 2"),
        ("   hi   ", "has at least 5 characters; this one has 2"),
        ("long enough for nobody", "has at most 20 characters; this one has 22"),
        ("a NUL \x00 within", "it holds a NUL character"),
        ("half \ud83d a pair", "half of a surrogate pair"),
    ],
)
def test_it_refuses_a_message_that_is_none(text: str, reason: str) -> None:
    conversation = begin(chat_round(chat={"prompt_min": 5, "prompt_max": 20}))
    with pytest.raises(Invalid) as refusal:
        say(conversation, text)
    assert reason in str(refusal.value.detail)
    assert not conversation.turns.exists()


def test_it_ends_at_the_campaigns_limit_of_turns() -> None:
    conversation = begin(chat_round(chat={"turns": 1}))
    rank(answered(conversation, "one"))
    with pytest.raises(Conflict, match="at most 1 turns"):
        say(conversation, "two")


def test_a_finished_conversation_takes_no_message_and_asks_nobody_for_a_ranking() -> None:
    conversation = begin(chat_round())
    answered(conversation, "one")
    finish_conversation(user=conversation.annotator, uid=conversation.uid)
    with pytest.raises(Conflict, match="is finished"):
        say(conversation, "two")
    assert Assignment.objects.get().state == AssignmentState.SKIPPED
    comparison = Comparison.objects.get()
    assert (comparison.taken, comparison.retired_at is None) == (0, False)


def test_a_message_that_failed_can_be_tried_again_or_taken_back() -> None:
    conversation = begin(chat_round())
    user, uid = conversation.annotator, conversation.uid
    with pytest.raises(Conflict, match="nothing to try again"):
        retry_turn(user=user, uid=uid)
    turn = failed(conversation, "one")
    retry_turn(user=user, uid=uid)
    retry_turn(user=user, uid=uid)
    turn.refresh_from_db()
    assert (turn.state, turn.failure) == (TurnState.WAITING, "")
    with pytest.raises(Conflict, match="could not be answered"):
        take_back_turn(user=user, uid=uid)
    claim = claim_next(worker="test")
    assert claim is not None
    fail(claim, sentence="The model is tired.")
    take_back_turn(user=user, uid=uid)
    conversation.refresh_from_db()
    assert conversation.draft == "one"
    assert not conversation.turns.exists()


def test_a_round_collects_until_it_has_the_rankings_it_wants_and_no_more() -> None:
    round = chat_round(members=2, comparisons=2)
    one, two = (start_conversation(campaign=round.campaign, user=user)[0] for user in members_of(round))
    first, second = answered(one, "one"), answered(two, "two")
    assert not is_talked_out(round)
    rank(first)
    # The other ranking is still out, so a third turn would be one too many.
    with pytest.raises(Conflict, match="has the comparisons it wants"):
        say(one, "three")
    assert progress_of(round=round, user=one.annotator).waiting
    rank(second)
    assert is_talked_out(round)
    progress = progress_of(round=round, user=one.annotator)
    assert (progress.done, progress.wanted, progress.mine) == (2, 2, 1)
    assert (progress.waiting, progress.reason) == (False, "round_full")


def test_a_conversation_is_held_out_as_a_whole_and_there_is_always_something_to_measure_on() -> None:
    round = chat_round(members=5, heldout_share=0.4)
    splits = [start_conversation(campaign=round.campaign, user=user)[0].split for user in members_of(round)]
    assert splits == [Split.TRAIN, Split.HELDOUT, Split.HELDOUT, Split.TRAIN, Split.HELDOUT]


def test_the_draft_of_a_message_is_kept() -> None:
    conversation = begin(chat_round())
    save_prompt_draft(user=conversation.annotator, uid=conversation.uid, text="Dear N")
    conversation.refresh_from_db()
    assert conversation.draft == "Dear N"
    with pytest.raises(Invalid):
        save_prompt_draft(user=conversation.annotator, uid=conversation.uid, text="\x00")
    say(conversation, "Dear Nora")
    conversation.refresh_from_db()
    assert conversation.draft == ""


def test_what_ran_out_is_held_again_when_its_author_returns() -> None:
    round = chat_round()
    conversation = begin(round)
    turn = answered(conversation, "one")
    Assignment.objects.update(state=AssignmentState.EXPIRED)
    Comparison.objects.update(taken=0)
    open_conversation(campaign=round.campaign, user=conversation.annotator)
    assert Assignment.objects.get().state == AssignmentState.LEASED
    rank(turn)


def test_a_conversation_in_which_nothing_was_said_measures_nothing() -> None:
    round = chat_round(members=3, heldout_share=0.1)
    one, two, three = members_of(round)
    splits = []
    for user in (one, two, three):
        conversation, _ = start_conversation(campaign=round.campaign, user=user)
        splits.append(conversation.split)
        if user == two:
            finish_conversation(user=user, uid=conversation.uid)
    assert splits == [Split.TRAIN, Split.HELDOUT, Split.HELDOUT]
