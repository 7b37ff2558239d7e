"""How far a round's collection is, for everybody and for one person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.db import connection
from django.db.models import Count, F, Q, Sum

from annotate.accounts.models import User
from annotate.campaigns.models import Campaign, CampaignKind
from annotate.ranking.models import Comparison, Participation
from annotate.ranking.queue import OPEN_TO_PERSON
from annotate.rounds.models import ENDED, Round, RoundState

Reason = Literal["ok", "no_open_round", "all_done_for_you", "round_full"]


_STANDING = f"""
    SELECT
        coalesce((SELECT sum(submitted) FROM ranking_participation WHERE round_id = %(round)s), 0),
        coalesce((
            SELECT submitted FROM ranking_participation
            WHERE round_id = %(round)s AND annotator_id = %(person)s
        ), 0),
        coalesce((SELECT max(position) + 1 FROM ranking_comparison WHERE round_id = %(round)s), 0),
        coalesce((
            SELECT sum(extra) FROM ranking_comparison WHERE round_id = %(round)s AND extra > 0
        ), 0) - coalesce((
            SELECT sum(overlap - submitted) FROM ranking_comparison
            WHERE round_id = %(round)s AND retired_at IS NOT NULL
        ), 0),
        (SELECT count(*) FROM campaigns_membership WHERE campaign_id = %(campaign)s),
        EXISTS (
            SELECT 1 FROM ranking_assignment a JOIN ranking_comparison c ON c.id = a.comparison_id
            WHERE a.annotator_id = %(person)s AND a.state = 'leased' AND c.round_id = %(round)s
        ),
        -- First from where the person is, as their next lease will: before that all is theirs, or taken.
        EXISTS (
            SELECT 1 FROM ranking_comparison c WHERE {OPEN_TO_PERSON} AND c.position > coalesce((
                SELECT cursor FROM ranking_participation
                WHERE round_id = %(round)s AND annotator_id = %(person)s
            ), -1)
        ) OR EXISTS (SELECT 1 FROM ranking_comparison c WHERE {OPEN_TO_PERSON}),
        EXISTS (
            SELECT 1 FROM ranking_comparison
            WHERE round_id = %(round)s AND taken < overlap AND retired_at IS NULL
        )
"""  # noqa: S608 - only a constant is put in


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
    if round.state != RoundState.COLLECTING:
        return Progress(round=round.number, state=round.state)
    if round.campaign.kind == CampaignKind.CHAT:
        return _progress_of_chat(round, user)
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, {"round": round.pk, "person": user.pk, "campaign": round.campaign_id})
        done, mine, comparisons, more, members, held, open_to_me, free = cursor.fetchone()
    overlap = int(round.recipe["overlap"])
    waiting = held or open_to_me
    return Progress(
        round=round.number,
        state=round.state,
        mine=mine,
        mine_total=comparisons if members <= overlap else None,
        done=done,
        wanted=comparisons * overlap + more,
        waiting=waiting,
        reason="ok" if waiting else "all_done_for_you" if free else "round_full",
    )


def _progress_of_chat(round: Round, user: User) -> Progress:
    """Comparisons are made as people write, so there is more to do until the round has what it wants."""
    parts = dict(Participation.objects.filter(round=round).values_list("annotator", "submitted"))
    done, wanted = sum(parts.values()), int(round.recipe["comparisons"])
    return Progress(
        round=round.number,
        state=round.state,
        mine=parts.get(user.pk, 0),
        done=done,
        wanted=wanted,
        waiting=done < wanted,
        reason="ok" if done < wanted else "round_full",
    )


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
    """Whether every comparison of the round has its annotations, or was retired."""
    unfinished = Comparison.objects.filter(
        round=round_id, submitted__lt=F("overlap"), retired_at__isnull=True
    )
    return not unfinished.exists()
