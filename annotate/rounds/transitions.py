"""The one table of a round's moves, and the one function that makes them."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from annotate.accounts.models import User
from annotate.errors import Conflict
from annotate.live.events import publish, round_topic
from annotate.rounds.models import Round, RoundEvent, RoundState

_S = RoundState
_ASIDE = frozenset({_S.FAILED, _S.CANCELLED})

TABLE: dict[RoundState, frozenset[RoundState]] = {
    # In a chat the replies are written as people write to it: nothing is sampled before they begin.
    _S.PLANNED: _ASIDE | {_S.SAMPLING, _S.COLLECTING},
    _S.SAMPLING: _ASIDE | {_S.COLLECTING},
    _S.COLLECTING: _ASIDE | {_S.TRAINING_REWARD},
    _S.TRAINING_REWARD: _ASIDE | {_S.TRAINING_POLICY},
    _S.TRAINING_POLICY: _ASIDE | {_S.EVALUATING},
    _S.EVALUATING: _ASIDE | {_S.DECIDING},
    _S.DECIDING: frozenset({_S.CLOSED, _S.CANCELLED}),
    # And back to the state it failed in, which the round itself knows.
    _S.FAILED: frozenset({_S.CANCELLED}),
    _S.CLOSED: frozenset(),
    _S.CANCELLED: frozenset(),
}


def move(*, round: Round, to: RoundState, actor: User | None = None, reason: str = "") -> Round:
    """Move ``round`` from the state that the caller saw to ``to``, and write it down.

    1. The move must stand in :data:`TABLE`; from ``failed`` it may also go back to ``failed_in``.
    2. Compare and set: the row changes only if the state is still the one that the caller saw. The update
       waits for whoever holds the state (``services.hold_state``).
    3. A :class:`RoundEvent` and a live event are written in the same transaction.

    Raises :class:`Conflict` when the move is not in the table or somebody else moved the round first.
    Updates ``round`` in place and returns it.
    """
    came_from = RoundState(round.state)
    if to not in TABLE[came_from] and not (came_from == _S.FAILED and to == round.failed_in):
        raise Conflict(f"Round {round.number} is {came_from}: it cannot become {to}.")
    failed = to == _S.FAILED
    changes = {"state": to, "failed_in": came_from if failed else "", "failure": reason if failed else ""}
    with transaction.atomic():
        changed = Round.objects.filter(pk=round.pk, state=came_from, failed_in=round.failed_in).update(
            **changes, entered_at=Now()
        )
        if not changed:
            raise Conflict(f"Round {round.number} is no longer {came_from}: look at it again.")
        RoundEvent.objects.create(round=round, from_state=came_from, to_state=to, actor=actor, reason=reason)
        round.refresh_from_db()
        publish(
            topic=round_topic(round.pk),
            kind="state",
            payload={
                "from": came_from,
                "to": to,
                "reason": reason,
                "actor": actor.username if actor else None,
            },
        )
    return round
