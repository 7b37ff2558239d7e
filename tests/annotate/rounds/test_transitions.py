"""The table of a round's moves."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from annotate.campaigns.models import Campaign
from annotate.errors import Conflict
from annotate.live.models import LiveEvent
from annotate.rounds.models import Checkpoint, Round, RoundEvent, RoundState
from annotate.rounds.transitions import TABLE, move

S = RoundState
FORWARD = [
    S.PLANNED, S.SAMPLING, S.COLLECTING, S.TRAINING_REWARD,
    S.TRAINING_POLICY, S.EVALUATING, S.DECIDING, S.CLOSED,
]  # fmt: skip


def make_round(state: RoundState = S.PLANNED) -> Round:
    campaign = Campaign.objects.create(name="moves")
    start = Checkpoint.objects.create(campaign=campaign, kind="policy", name="starter", path="starter")
    return Round.objects.create(campaign=campaign, number=1, recipe={}, start_policy=start, state=state)


@pytest.mark.django_db
def test_it_goes_forward_through_every_state_once_and_writes_each_move_down() -> None:
    round = make_round()
    for state in FORWARD[1:]:
        move(round=round, to=state, reason="because")
    moves = RoundEvent.objects.filter(round=round).order_by("pk").values_list("from_state", "to_state")
    assert list(moves) == list(itertools.pairwise(FORWARD))
    events = LiveEvent.objects.filter(topic=f"round:{round.pk}").order_by("seq")
    assert [(event.seq, event.payload["to"]) for event in events] == list(enumerate(FORWARD[1:], start=1))


@pytest.mark.django_db
@pytest.mark.parametrize(("start", "to"), list(itertools.product(S, S)))
def test_it_refuses_every_move_that_is_not_in_the_table(start: RoundState, to: RoundState) -> None:
    round = make_round(start)
    if to in TABLE[start]:
        move(round=round, to=to)
        assert round.state == to
    else:
        with pytest.raises(Conflict, match="cannot become"):
            move(round=round, to=to)
        assert not RoundEvent.objects.exists()


def test_no_state_can_be_entered_twice_without_a_retry() -> None:
    seen: set[RoundState] = set()

    def walk(state: RoundState, path: tuple[RoundState, ...]) -> None:
        assert state not in path
        seen.add(state)
        for to in TABLE[state]:
            walk(to, (*path, state))

    walk(S.PLANNED, ())
    assert seen == set(S)


@pytest.mark.django_db
def test_it_goes_back_from_failed_only_to_where_it_failed() -> None:
    round = make_round(S.TRAINING_REWARD)
    move(round=round, to=S.FAILED, reason="The disk is full.")
    assert (round.failed_in, round.failure) == (S.TRAINING_REWARD, "The disk is full.")
    with pytest.raises(Conflict):
        move(round=round, to=S.TRAINING_POLICY)
    move(round=round, to=S.TRAINING_REWARD)
    assert (round.state, round.failed_in, round.failure) == (S.TRAINING_REWARD, "", "")


@pytest.mark.django_db
def test_it_refuses_a_move_from_a_state_that_somebody_else_has_left() -> None:
    mine = make_round()
    theirs = Round.objects.get(pk=mine.pk)
    move(round=theirs, to=S.SAMPLING)
    with pytest.raises(Conflict, match="no longer planned"):
        move(round=mine, to=S.SAMPLING)
    assert RoundEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_it_lets_one_of_many_movers_win() -> None:
    round_id = make_round().pk

    def race(_: int) -> bool:
        try:
            move(round=Round.objects.get(pk=round_id, state=S.PLANNED), to=S.SAMPLING)
        except (Conflict, Round.DoesNotExist):
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(race, range(24))) == 1
    assert RoundEvent.objects.filter(to_state=S.SAMPLING).count() == 1
