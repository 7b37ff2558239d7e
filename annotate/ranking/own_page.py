"""One's own page: how much one did, how fast, and how far one agrees with the others.

The time counted is active time alone, as the page measured it. Skips are listed as what they are: part of
the work.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import timezone as fixed_zone
from statistics import median

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from annotate.accounts.models import User
from annotate.campaigns.access import require_member
from annotate.campaigns.models import Campaign
from annotate.campaigns.task import Task
from annotate.ranking.models import Annotation, Assignment, AssignmentState
from annotate.ranking.submissions import standing
from annotate.rounds.models import RoundState
from training.contracts import Message, pair_margins

NEWEST = 200
SKIPS_SHOWN = 20
DAYS_SHOWN = 28


@dataclass(frozen=True)
class Agreement:
    """Of ``pairs`` of completions that one and another annotator both put in an order, ``agreed`` were in the
    same; ``comparisons`` is how many comparisons they come from."""

    comparisons: int
    pairs: int
    agreed: int

    @property
    def share(self) -> float | None:
        """Agreed pairs of all, or None where there are none."""
        return self.agreed / self.pairs if self.pairs else None


@dataclass(frozen=True)
class Skip:
    """A comparison that was given back."""

    round: int
    prompt: list[Message]
    reason: str


@dataclass(frozen=True)
class Day:
    """What was done on one day of one's own."""

    day: date
    annotations: int
    active_seconds: float


@dataclass(frozen=True)
class OwnPage:
    """``today`` begins at the person's own midnight. ``pace_seconds`` is the median active time of their
    newest annotations, None before the first. ``agreement`` is None where the campaign does not show it.
    ``days`` are the last ``DAYS_SHOWN`` on which anything was done, oldest first.
    """

    today: int
    total: int
    active_seconds_today: float
    pace_seconds: float | None
    agreement: Agreement | None
    skipped: int
    skips: list[Skip]
    days: list[Day]


def own_page(*, campaign: Campaign, user: User, utc_offset: int) -> OwnPage:
    """One's own numbers in a campaign; ``utc_offset`` is minutes east of UTC. Raises 403 to non-members."""
    require_member(campaign, user)
    mine = standing(user).filter(assignment__comparison__round__campaign=campaign)
    today = mine.filter(submitted_at__gte=_midnight(timezone.now(), utc_offset))
    newest = mine.filter(active_seconds__gt=0).order_by("-submitted_at", "-pk")[:NEWEST]
    seconds = list(newest.values_list("active_seconds", flat=True))
    skipped = Assignment.objects.filter(
        annotator=user, state=AssignmentState.SKIPPED, comparison__round__campaign=campaign
    )
    return OwnPage(
        today=today.count(),
        total=mine.count(),
        active_seconds_today=today.aggregate(total=Sum("active_seconds", default=0.0))["total"],
        pace_seconds=median(seconds) if seconds else None,
        agreement=_agreement(mine, user) if Task.parse(campaign.task).agreement_shown else None,
        skipped=skipped.count(),
        skips=_newest_skips(skipped),
        days=_days(mine, utc_offset),
    )


def shared_pairs(
    mine: tuple[list[int], list[int | None]], theirs: tuple[list[int], list[int | None]]
) -> tuple[int, int]:
    """Of two rankings (with their gaps) of one comparison: how many pairs both put in an order, and how many
    of those in the same. Ties say nothing.

    >>> shared_pairs(([0, 1, 2], [1, 1]), ([0, 2, 1], [2, None]))
    (2, 2)
    """
    said, other = _ordered(*mine), _ordered(*theirs)
    agreed = len(said & other)
    return agreed + len(said & {(worse, better) for better, worse in other}), agreed


def _ordered(ranking: list[int], gaps: list[int | None]) -> set[tuple[int, int]]:
    return {(ranking[better], ranking[worse]) for better, worse, _ in pair_margins(gaps)}


def _agreement(mine: QuerySet[Annotation], user: User) -> Agreement:
    """Over the newest comparisons of rounds that no longer collect.

    While a round collects, one could read what the others said off the number by amending one's own.
    """
    done = mine.exclude(assignment__comparison__round__state=RoundState.COLLECTING)
    shared = done.filter(assignment__comparison__submitted__gt=1).order_by("-submitted_at", "-pk")[:NEWEST]
    said = {place: (ranking, gaps) for place, ranking, gaps in _rankings(shared)}
    others = Annotation.objects.filter(assignment__comparison__in=said, withdrawn_at=None)
    pairs = agreed = 0
    for place, ranking, gaps in _rankings(others.exclude(assignment__annotator=user)):
        both, same = shared_pairs(said[place], (ranking, gaps))
        pairs, agreed = pairs + both, agreed + same
    return Agreement(len(said), pairs, agreed)


def _rankings(annotations: QuerySet[Annotation]) -> Iterable[tuple[int, list[int], list[int | None]]]:
    return annotations.values_list("assignment__comparison", "ranking", "gaps")


def _newest_skips(skipped: QuerySet[Assignment]) -> list[Skip]:
    newest = skipped.select_related("comparison__round", "comparison__prompt").order_by("-leased_at", "-pk")
    return [
        Skip(each.comparison.round.number, each.comparison.prompt.messages, each.skip_reason)
        for each in newest.defer("draft")[:SKIPS_SHOWN]
    ]


def _days(mine: QuerySet[Annotation], utc_offset: int) -> list[Day]:
    day = TruncDate("submitted_at", tzinfo=fixed_zone(timedelta(minutes=utc_offset)))
    by_day = mine.annotate(day=day).values("day")
    counted = by_day.annotate(n=Count("pk"), seconds=Sum("active_seconds")).order_by("-day")[:DAYS_SHOWN]
    return [Day(each["day"], each["n"], each["seconds"]) for each in reversed(counted)]


def _midnight(now: datetime, utc_offset: int) -> datetime:
    """When the day of a person this many minutes east of UTC began."""
    offset = timedelta(minutes=utc_offset)
    local = now.astimezone(UTC) + offset
    return local.replace(hour=0, minute=0, second=0, microsecond=0) - offset
