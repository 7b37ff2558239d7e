"""How far a round's collection is, for everybody and for one person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.db.models import F

from annotate.accounts.models import User
from annotate.campaigns.models import Campaign
from annotate.ranking import functions
from annotate.ranking.models import Assignment, AssignmentState, Comparison
from annotate.rounds.models import ENDED, Round

Reason = Literal["ok", "no_open_round", "all_done_for_you", "round_full"]


@dataclass(frozen=True)
class Progress:
    """What the ranking page shows beside the task.

    ``done`` of ``wanted`` annotations stand, ``mine`` of them this person's; ``mine_total`` is how many they
    can make at most, or None where people share the work. ``waiting``: there is something to rank for this
    person; ``reason`` says why not.
    """

    round: int | None = None
    state: str | None = None
    mine: int = 0
    mine_total: int | None = None
    done: int = 0
    wanted: int = 0
    waiting: bool = False
    reason: Reason = "no_open_round"


def open_round(campaign: Campaign) -> Round | None:
    """The round of this campaign that has not ended; there is at most one."""
    return campaign.rounds.exclude(state__in=ENDED).first()


def progress_of(*, round: Round | None, user: User) -> Progress:
    """The progress of a round as one of its annotators sees it; costs the same in a long queue."""
    if round is None:
        return Progress()
    return Progress(**functions.call_json("ranking_standing", round.pk, user.pk))


def collecting_counts(*, round_id: int) -> dict[str, int]:
    """The whole collection of a round: comparisons, annotations wanted and submitted, leases, retired.

    A retired comparison wants no more than it has. Costs the same in a long queue.
    """
    counts: dict[str, int] = functions.call_json("ranking_counts", round_id)
    return counts


def is_collected(*, round_id: int) -> bool:
    """Whether every comparison of the round has its annotations, or was retired.

    Asked every second, so it never looks through the queue: while a slot is free the queue's index says so,
    and a slot that is neither free nor filled is somebody's lease.
    """
    standing = Comparison.objects.filter(round=round_id, retired_at__isnull=True)
    if standing.filter(taken__lt=F("overlap")).exists():
        return False
    leased = Assignment.objects.filter(state=AssignmentState.LEASED, comparison__retired_at=None)
    return not leased.filter(comparison__round=round_id).exists()
