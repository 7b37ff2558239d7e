"""How far a chat round is: it wants a number of rankings, and its comparisons are made by who writes."""

from __future__ import annotations

from django.db.models import Sum

from annotate.chat.models import Turn, TurnState
from annotate.ranking.models import Comparison, Participation
from annotate.rounds.models import Round


def wanted_of(round: Round) -> int:
    """How many rankings the round wants."""
    return int(round.recipe["comparisons"])


def is_talked_out(round: Round) -> bool:
    """Whether the round has the rankings that it wants."""
    parts = Participation.objects.filter(round=round).aggregate(total=Sum("submitted", default=0))
    return bool(parts["total"] >= wanted_of(round))


def has_room(round: Round) -> bool:
    """Whether one more turn is wanted, beside those ranked, held to be ranked, or being answered."""
    held = Comparison.objects.filter(round=round).aggregate(total=Sum("taken", default=0))["total"]
    unwritten = (TurnState.WAITING, TurnState.WRITING)
    coming = Turn.objects.filter(conversation__round=round, state__in=unwritten).count()
    return int(held) + coming < wanted_of(round)
