"""A chat's round: it needs no prompts, skips sampling, and ends when it has what it wants."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from annotate.campaigns.models import Campaign
from annotate.campaigns.services import create_campaign
from annotate.chat.conversations import start_conversation
from annotate.datasets.models import Snapshot
from annotate.errors import Invalid
from annotate.loop.advance import advance_round
from annotate.loop.collecting import collecting_shape
from annotate.loop.models import TrainingRun
from annotate.prompts.models import Prompt
from annotate.rounds.models import Checkpoint, RoundState
from annotate.rounds.services import launch_round
from tests.annotate.chat.talking import answered, begin, chat_round, rank
from tests.annotate.collecting import members_of

pytestmark = pytest.mark.django_db


def launched(**settings: Any) -> RoundState:
    campaign = create_campaign(creator=None, name="Talks", kind="chat", **settings)
    return RoundState(launch_round(campaign=campaign, overrides={}, actor=None).state)


def test_it_needs_no_prompts_and_goes_straight_to_collecting() -> None:
    campaign = create_campaign(creator=None, name="Talks", kind="chat")
    round = launch_round(campaign=campaign, overrides={}, actor=None)
    advance_round(round.pk)
    round.refresh_from_db()
    assert round.state == RoundState.COLLECTING
    assert not TrainingRun.objects.exists()
    # Nothing is there yet, and nothing is wanted to be over.
    advance_round(round.pk)
    round.refresh_from_db()
    assert round.state == RoundState.COLLECTING


def test_it_ends_with_the_rankings_that_it_wants_and_freezes_them(settings: Settings, tmp_path: Any) -> None:
    settings.ARTIFACTS_DIR = tmp_path
    round = chat_round(members=2, comparisons=2, heldout_share=0.5)
    one, two = (start_conversation(campaign=round.campaign, user=user)[0] for user in members_of(round))
    rank(answered(one, "one"))
    assert collecting_shape(round)["wanted"] == 2
    advance_round(round.pk)
    round.refresh_from_db()
    assert round.state == RoundState.COLLECTING
    rank(answered(two, "two"))
    advance_round(round.pk)
    round.refresh_from_db()
    assert round.state == RoundState.TRAINING_REWARD
    counts = Snapshot.objects.get().counts
    assert (counts["rankings"], counts["folds"]) == (2, {"train": 1, "heldout": 1})


def test_every_turn_of_a_conversation_is_of_its_split() -> None:
    round = chat_round(heldout_share=0.5)
    user = members_of(round)[0]
    first = begin(round)
    rank(answered(first, "one"))
    rank(answered(first, "two"))
    first.ended_at = first.started_at
    first.save()
    second = start_conversation(campaign=round.campaign, user=user)[0]
    rank(answered(second, "three"))
    rank(answered(second, "four"))
    splits = list(Prompt.objects.order_by("pk").values_list("split", flat=True))
    assert splits == ["train", "train", "heldout", "heldout"]


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"recipe": {"heldout_share": 0}}, "nothing to measure the challenger on"),
        (
            {"chat": {"sources": [{"from": "checkpoint", "checkpoint": 987654}]}},
            "has no policy with the number",
        ),
    ],
)
def test_it_is_not_launched_without_what_it_needs(told: dict[str, Any], reason: str) -> None:
    with pytest.raises(Invalid, match=reason):
        launched(**told)


def test_a_checkpoint_of_another_campaign_does_not_answer_here() -> None:
    other = chat_round().campaign
    policy = Checkpoint.objects.get(campaign=other)
    campaign = create_campaign(creator=None, name="Talks", kind="chat")
    source = {"from": "checkpoint", "checkpoint": policy.pk}
    Campaign.objects.filter(pk=campaign.pk).update(chat={"sources": [source]})
    with pytest.raises(Invalid, match="has no policy with the number"):
        launch_round(campaign=campaign, overrides={}, actor=None)
