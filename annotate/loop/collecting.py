"""How a collection stands, and telling its page when that changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models.functions import Now
from django.utils import timezone

from annotate.campaigns.models import CampaignKind
from annotate.chat.progress import wanted_of
from annotate.live.events import last_payload, publish, round_topic
from annotate.ranking.models import Annotation
from annotate.ranking.progress import collecting_counts
from annotate.rounds.models import Round

RATE_MINUTES = 5
RATE_MOST = 1000


def collecting_shape(round: Round) -> dict[str, Any]:
    """The counts of a round, with the annotations a minute of the last few minutes."""
    return {**_counts(round), "per_minute": _rate(round)}


def publish_collecting(round: Round) -> None:
    """Publish how the collection stands if that is not what was published last."""
    topic = round_topic(round.pk)
    told = last_payload(topic, "collecting") or {}
    counts = _counts(round)
    if {name: told.get(name) for name in counts} != counts:
        publish(topic=topic, kind="collecting", payload=collecting_shape(round))


def _rate(round: Round) -> float:
    """Annotations a minute, over the last ``RATE_MINUTES`` or the newest ``RATE_MOST``, whichever is less."""
    newest = Annotation.objects.filter(
        assignment__comparison__round=round,
        withdrawn_at=None,
        submitted_at__gt=Now() - timedelta(minutes=RATE_MINUTES),
    ).order_by("-submitted_at")
    times = list(newest.values_list("submitted_at", flat=True)[:RATE_MOST])
    if len(times) < RATE_MOST:
        return len(times) / RATE_MINUTES
    return len(times) / max(1e-3, (timezone.now() - times[-1]).total_seconds() / 60)


def _counts(round: Round) -> dict[str, int]:
    counts = collecting_counts(round_id=round.pk)
    # In a chat more comparisons are made until there are as many as the round wants.
    return counts | {"wanted": wanted_of(round)} if round.campaign.kind == CampaignKind.CHAT else counts
