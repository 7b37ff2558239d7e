"""Launching rounds, deciding them, and the campaign's champion."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from annotate.accounts.models import User
from annotate.campaigns.models import Campaign
from annotate.campaigns.services import create_campaign
from annotate.errors import Conflict, Invalid
from annotate.prompts.models import Prompt
from annotate.rounds.models import Checkpoint, Round, RoundState
from annotate.rounds.services import (
    cancel,
    champion_of,
    first_policy_of,
    hold_state,
    launch_round,
    promote,
    reject,
    retry,
)
from annotate.rounds.transitions import move

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> User:
    return User.objects.create(username="ada", role="admin")


@pytest.fixture
def campaign(admin: User) -> Campaign:
    campaign = create_campaign(creator=admin, name="c", recipe={"k": 3})
    for number, split in enumerate(["train", "heldout"]):
        messages = [{"role": "user", "content": f"Prompt {number}"}]
        Prompt.objects.create(campaign=campaign, messages=messages, digest=str(number), split=split)
    return campaign


def decided(round: Round) -> Round:
    """Take a round to the decision, with a challenger."""
    for state in ("sampling", "collecting", "training_reward", "training_policy", "evaluating", "deciding"):
        move(round=round, to=RoundState(state))
    Checkpoint.objects.create(
        campaign=round.campaign, kind="policy", name="new", path="x", round=round, parent=round.start_policy
    )
    return round


def test_it_launches_from_the_campaigns_model_with_the_campaigns_recipe(
    campaign: Campaign, admin: User
) -> None:
    round = launch_round(campaign=campaign, overrides={"comparisons": 7}, actor=admin)
    assert (round.number, round.state) == (1, RoundState.PLANNED)
    assert (round.recipe["k"], round.recipe["comparisons"]) == (3, 7)
    assert (round.start_policy.path, round.start_policy.parent) == ("starter", None)
    assert round.events.get().actor == admin


def test_it_refuses_a_second_open_round(campaign: Campaign, admin: User) -> None:
    first = launch_round(campaign=campaign, overrides={}, actor=admin)
    with pytest.raises(Conflict, match="Round 1 is still open"):
        launch_round(campaign=campaign, overrides={}, actor=admin)
    cancel(round=first, actor=admin)
    assert launch_round(campaign=campaign, overrides={}, actor=admin).number == 2


def test_it_refuses_a_wrong_recipe_and_opens_nothing(campaign: Campaign, admin: User) -> None:
    with pytest.raises(Invalid, match=r"recipe\.k"):
        launch_round(campaign=campaign, overrides={"k": 1}, actor=admin)
    assert not Round.objects.exists()


@pytest.mark.parametrize(("split", "named"), [("train", "train"), ("heldout", "held-out")])
def test_it_refuses_a_campaign_without_prompts_in_a_split(
    campaign: Campaign, admin: User, split: str, named: str
) -> None:
    campaign.prompts.filter(split=split).delete()
    with pytest.raises(Invalid, match=f"no {named} prompts"):
        launch_round(campaign=campaign, overrides={}, actor=admin)


def test_it_refuses_an_archived_campaign(campaign: Campaign, admin: User) -> None:
    Campaign.objects.update(archived_at="2026-01-01T00:00Z")
    with pytest.raises(Conflict, match="archived"):
        launch_round(campaign=campaign, overrides={}, actor=admin)


def test_a_promoted_challenger_is_where_the_next_round_starts(campaign: Campaign, admin: User) -> None:
    round = decided(launch_round(campaign=campaign, overrides={}, actor=admin))
    promote(round=round, actor=admin, reason="reads better")
    assert round.state == RoundState.CLOSED
    assert round.events.order_by("-pk")[0].reason == "promoted: reads better"
    champion = champion_of(campaign)
    assert champion is not None
    assert champion.name == "new"
    second = launch_round(campaign=campaign, overrides={}, actor=admin)
    assert second.start_policy == champion
    assert first_policy_of(campaign) == round.start_policy


def test_a_rejected_challenger_leaves_the_champion(campaign: Campaign, admin: User) -> None:
    round = decided(launch_round(campaign=campaign, overrides={}, actor=admin))
    reject(round=round, actor=admin)
    assert champion_of(campaign) == round.start_policy


@pytest.mark.parametrize("verb", [promote, reject])
def test_it_decides_only_a_round_that_waits_for_it(campaign: Campaign, admin: User, verb: object) -> None:
    round = launch_round(campaign=campaign, overrides={}, actor=admin)
    assert callable(verb)
    with pytest.raises(Conflict):
        verb(round=round, actor=admin)
    assert not campaign.promotions.exists()


def test_it_retries_only_a_failed_round(campaign: Campaign, admin: User) -> None:
    round = launch_round(campaign=campaign, overrides={}, actor=admin)
    with pytest.raises(Conflict, match="only a failed round"):
        retry(round=round, actor=admin)
    move(round=round, to=RoundState.FAILED, reason="no disk")
    assert retry(round=round, actor=admin).state == RoundState.PLANNED


def test_it_holds_the_state_for_the_transaction(campaign: Campaign, admin: User) -> None:
    round = launch_round(campaign=campaign, overrides={}, actor=admin)
    assert hold_state(round_id=round.pk) == RoundState.PLANNED
    with pytest.raises(Round.DoesNotExist):
        hold_state(round_id=round.pk + 1)


def test_the_database_refuses_to_change_or_delete_a_checkpoint(campaign: Campaign) -> None:
    checkpoint = Checkpoint.objects.create(campaign=campaign, kind="policy", name="a", path="a")
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Checkpoint.objects.update(path="b")
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        checkpoint.delete()
