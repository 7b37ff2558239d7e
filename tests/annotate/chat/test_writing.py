"""What becomes of a turn while it is answered."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from annotate.campaigns.models import Campaign
from annotate.chat.conversations import finish_conversation, start_conversation
from annotate.chat.models import Turn, TurnState
from annotate.chat.sources import own_models, voices_of
from annotate.chat.writing import (
    MAX_LOSSES,
    STALE_SECONDS,
    Written,
    claim_next,
    complete,
    fail,
    give_back,
    lose,
    requeue_lost,
    store_drafts,
)
from annotate.datasets.rows import standing_rows
from annotate.errors import Invalid
from annotate.prompts.models import Prompt, Split
from annotate.ranking.leases import lease
from annotate.ranking.models import Completion
from annotate.rounds.models import Checkpoint, RoundState
from annotate.rounds.transitions import move
from tests.annotate.chat.talking import answered, begin, chat_round, rank, say
from tests.annotate.collecting import members_of

pytestmark = pytest.mark.django_db
SERVER = "http://gpu1:8000/v1"


def reload(turn: Turn) -> Turn:
    return Turn.objects.select_related("comparison__prompt", "conversation__round__campaign").get(pk=turn.pk)


def test_replies_become_a_comparison_leased_to_who_wrote_the_message() -> None:
    conversation = begin(chat_round(temperatures=[0.5, 1.5], top_p=0.9))
    turn = answered(conversation, "one")
    assert turn.state == TurnState.READY
    comparison = reload(turn).comparison
    assert comparison is not None
    assert (comparison.overlap, comparison.taken, comparison.submitted) == (1, 1, 0)
    assert comparison.prompt.messages == [{"role": "user", "content": "one"}]
    assignment = comparison.assignments.get()
    assert (assignment.annotator, assignment.order) == (conversation.annotator, turn.order)
    start = conversation.round.start_policy_id
    assert list(
        Completion.objects.order_by("index").values_list(
            "index", "checkpoint", "text", "token_ids", "temperature", "top_p", "finish"
        )
    ) == [
        (0, start, "reply 0 to one", [5, 1], 0.5, 0.9, "stop"),
        (1, start, "reply 1 to one", [5, 1], 1.5, 0.9, "stop"),
    ]


def test_what_was_ranked_in_a_chat_is_trained_on_like_any_ranking() -> None:
    round = chat_round()
    conversation = begin(round)
    first = answered(conversation, "one")
    rank(first, best=1)
    second = answered(conversation, "two")
    rank(second)
    rows = list(standing_rows(round))
    assert [len(row.messages) for row in rows] == [1, 3]
    assert rows[1].messages[1] == {"role": "assistant", "content": f"reply {first.order[1]} to one"}
    assert rows[1].completions[0].text == f"reply {second.order[0]} to two"
    assert rows[1].completions[0].token_ids == [5, 1]


def test_nobody_else_is_given_what_was_written_in_a_chat() -> None:
    round = chat_round(members=2)
    author, other = members_of(round)
    answered(begin(round), "one")
    for user in (author, other):
        tasks, progress = lease(campaign_id=round.campaign_id, user=user, want=1)
        assert tasks == []
        assert progress.waiting


def test_a_turn_is_taken_up_once() -> None:
    turn = say(begin(chat_round()), "one")
    claim = claim_next(worker="one")
    assert claim is not None
    assert claim.turn_id == turn.pk
    assert claim_next(worker="two") is None
    assert store_drafts(claim, ["He", "Dea"])
    assert reload(turn).drafts == ["He", "Dea"]


def test_whoever_lost_a_turn_writes_to_it_no_more() -> None:
    turn = say(begin(chat_round()), "one")
    old = claim_next(worker="one")
    assert old is not None
    Turn.objects.update(heartbeat_at=timezone.now() - timedelta(seconds=STALE_SECONDS + 1))
    requeue_lost()
    new = claim_next(worker="two")
    assert new is not None
    assert new.attempt == old.attempt + 1
    assert not store_drafts(old, ["late", "late"])
    voices = voices_of(reload(turn))
    assert not complete(old, voices=voices, written=[Written("late", "stop")] * 2)
    assert not fail(old, sentence="late")
    assert complete(new, voices=voices, written=[Written("in time", "stop")] * 2)
    assert not Completion.objects.filter(text="late").exists()


def test_a_turn_that_is_heard_of_is_left_alone() -> None:
    turn = say(begin(chat_round()), "one")
    assert claim_next(worker="one") is not None
    requeue_lost()
    assert reload(turn).state == TurnState.WRITING


def test_a_turn_that_is_lost_again_and_again_fails_with_the_reason() -> None:
    turn = say(begin(chat_round()), "one")
    for _ in range(MAX_LOSSES):
        claim = claim_next(worker="one")
        assert claim is not None
        lose(claim, sentence="The model's process ended.")
    assert claim_next(worker="one") is None
    assert (reload(turn).state, reload(turn).failure) == (TurnState.FAILED, "The model's process ended.")


def test_a_turn_that_is_given_back_counts_as_no_loss() -> None:
    turn = say(begin(chat_round()), "one")
    for _ in range(MAX_LOSSES + 1):
        claim = claim_next(worker="one")
        assert claim is not None
        give_back(claim)
    assert (reload(turn).state, reload(turn).losses) == (TurnState.WAITING, 0)


@pytest.mark.parametrize("ending", ["round", "conversation"])
def test_replies_that_come_when_all_is_over_make_no_comparison(ending: str) -> None:
    round = chat_round()
    conversation = begin(round)
    turn = say(conversation, "one")
    claim = claim_next(worker="one")
    assert claim is not None
    if ending == "round":
        move(round=round, to=RoundState.CANCELLED)
    else:
        finish_conversation(user=conversation.annotator, uid=conversation.uid)
    assert complete(claim, voices=voices_of(reload(turn)), written=[Written("late", "stop")] * 2)
    assert (reload(turn).state, reload(turn).lasting) == (TurnState.FAILED, True)
    assert not round.comparisons.exists()


def test_a_prompt_that_the_campaign_holds_keeps_its_split_and_the_conversation_takes_it() -> None:
    round = chat_round(members=2)
    answered(begin(round), "hello")
    prompt = Prompt.objects.get()
    Prompt.objects.update(split=Split.HELDOUT)
    second = start_conversation(campaign=round.campaign, user=members_of(round)[1])[0]
    second.split = Split.TRAIN
    second.save()
    turn = answered(second, "hello")
    assert reload(turn).comparison.prompt == prompt  # type: ignore[union-attr]  # it is ready
    prompt.refresh_from_db()
    assert (prompt.split, prompt.used) == (Split.HELDOUT, 2)
    second.refresh_from_db()
    assert second.split == Split.HELDOUT


def test_what_cannot_be_stored_is_replaced_and_the_tokens_stay() -> None:
    turn = say(begin(chat_round()), "one")
    claim = claim_next(worker="one")
    assert claim is not None
    assert store_drafts(claim, ["a\x00b", "\ud83d"])
    written = [Written("a\x00b", "stop", [7], [-1.0]), Written("\ud83d", "length", [8], [-1.0])]
    assert complete(claim, voices=voices_of(reload(turn)), written=written)
    assert list(Completion.objects.order_by("index").values_list("text", "token_ids")) == [
        ("a\ufffdb", [7]),
        ("\ufffd", [8]),
    ]


def test_sources_and_temperatures_are_dealt_in_turn(settings: Settings) -> None:
    settings.CHAT_ENDPOINTS = [SERVER]
    round = chat_round(k=4, temperatures=[0.5, 1.0])
    campaign = round.campaign
    second = Checkpoint.objects.create(
        campaign=campaign, kind="policy", name="second", path="/models/second", parent=round.start_policy
    )
    endpoint = {"from": "endpoint", "url": SERVER, "model": "big"}
    sources = [{"from": "champion"}, {"from": "checkpoint", "checkpoint": second.pk}, endpoint]
    Campaign.objects.filter(pk=campaign.pk).update(chat={"sources": sources})
    turn = reload(say(begin(round), "one"))
    voices = voices_of(turn)
    outside = Checkpoint.objects.get(kind="outside")
    assert (outside.name, outside.path) == ("big", f"{SERVER} big")
    assert [voice.checkpoint for voice in voices] == [
        round.start_policy, second, outside, round.start_policy,
    ]  # fmt: skip
    assert [voice.temperature for voice in voices] == [0.5, 1.0, 0.5, 1.0]
    assert [voice.url for voice in voices] == ["", "", SERVER, ""]
    assert len({voice.seed for voice in voices}) == 4
    assert voices_of(turn) == voices
    assert own_models(turn.conversation.round)[1:] == ["/models/second"]


@pytest.mark.parametrize(
    "source",
    [{"from": "checkpoint", "checkpoint": 10**9}, {"from": "endpoint", "url": SERVER, "model": "x"}],
)
def test_it_refuses_a_source_that_is_not_there(source: dict[str, object]) -> None:
    round = chat_round()
    turn = say(begin(round), "one")
    Campaign.objects.filter(pk=round.campaign_id).update(chat={"sources": [source]})
    with pytest.raises(Invalid):
        voices_of(reload(turn))
