"""How far a round's collection is, for everybody and for one person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.db.models import Count, F, Q, Sum

from annotate.accounts.models import User
from annotate.campaigns.models import Campaign
from annotate.ranking import functions
from annotate.ranking.models import Comparison
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

    A retired comparison wants no more than it has.
    """
    retired = Q(retired_at__isnull=False)
    counts = Comparison.objects.filter(round=round_id).aggregate(
        comparisons=Count("pk"),
        wanted=Sum("overlap", filter=~retired, default=0) + Sum("submitted", filter=retired, default=0),
        leased=Sum(F("taken") - F("submitted"), default=0),
        retired=Count("pk", filter=retired),
        # Last: the name hides the column from the aggregates after it.
        submitted=Sum("submitted", default=0),
    )
    return {name: int(value) for name, value in counts.items()}


def is_collected(*, round_id: int) -> bool:
    """Whether every comparison of the round has its annotations, or was retired.

    Asked every second: while a slot is free the queue's index says so, however long the queue is.
    """
    standing = Comparison.objects.filter(round=round_id, retired_at__isnull=True)
    if standing.filter(taken__lt=F("overlap")).exists():
        return False
    return not standing.filter(submitted__lt=F("overlap")).exists()
