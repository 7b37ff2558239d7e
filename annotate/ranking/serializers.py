"""The shapes of annotating. What goes to an annotator is blind: no field here may name a model."""

from __future__ import annotations

import math
import uuid
from typing import Any

from rest_framework import serializers

from annotate.campaigns.recipe import MAX_K
from annotate.prompts.serializers import MessageSerializer
from annotate.ranking.answers import Answer, Judgement
from annotate.ranking.draft_serializers import DraftSerializer
from annotate.ranking.judgement_serializers import JudgementSerializer
from annotate.ranking.leases import TaskItem
from annotate.ranking.progress import Progress
from annotate.rounds.models import RoundState
from training.contracts import MAX_MARGIN

MAX_ACTIVE_SECONDS = 24 * 3600


class LeaseSerializer(serializers.Serializer[None]):
    """How many comparisons to hold at once."""

    want = serializers.IntegerField(min_value=1, max_value=3, default=1)


class ShownCompletionSerializer(serializers.Serializer[dict[str, object]]):
    """A completion at the place where it is shown."""

    position = serializers.IntegerField()
    text = serializers.CharField()


class TaskItemSerializer(serializers.Serializer[TaskItem]):
    """A comparison to rank."""

    uid = serializers.UUIDField()
    deadline = serializers.DateTimeField()
    prompt = MessageSerializer(many=True)
    completions = ShownCompletionSerializer(many=True)
    draft = DraftSerializer(allow_null=True, required=False)


class RankingProgressSerializer(serializers.Serializer[Progress]):
    """How far the collection is."""

    round = serializers.IntegerField(allow_null=True)
    state = serializers.ChoiceField(choices=RoundState.choices, allow_null=True)
    mine = serializers.IntegerField()
    mine_total = serializers.IntegerField(allow_null=True)
    done = serializers.IntegerField()
    wanted = serializers.IntegerField()
    waiting = serializers.BooleanField()
    reason = serializers.ChoiceField(choices=["ok", "no_open_round", "all_done_for_you", "round_full"])


class LeasedSerializer(serializers.Serializer[dict[str, object]]):
    """What a person holds, and how far the collection is."""

    assignments = TaskItemSerializer(many=True)
    progress = RankingProgressSerializer()


class DeadlineSerializer(serializers.Serializer[dict[str, object]]):
    """Until when a lease is held."""

    deadline = serializers.DateTimeField()


class SkipSerializer(serializers.Serializer[None]):
    """Why a comparison is given back."""

    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class AnswerSerializer(serializers.Serializer[Answer]):
    """A ranking: positions best first, and the margin level (null for equal) between each two neighbours.

    ``completions`` says what the campaign asks of each one. Where it asks for thumbs instead of a ranking,
    ``ranking`` and ``gaps`` are empty.
    """

    ranking = serializers.ListField(child=serializers.IntegerField(), max_length=MAX_K)
    gaps = serializers.ListField(
        child=serializers.IntegerField(allow_null=True, min_value=0, max_value=MAX_MARGIN),
        max_length=MAX_K,
    )
    all_bad = serializers.BooleanField(default=False)
    rationale = serializers.CharField(max_length=10_000, required=False, allow_blank=True, default="")
    active_seconds = serializers.FloatField(min_value=0, max_value=MAX_ACTIVE_SECONDS, default=0.0)
    completions: serializers.ListSerializer[Any] = serializers.ListSerializer(
        child=JudgementSerializer(), max_length=MAX_K, required=False
    )

    def validate_active_seconds(self, value: float) -> float:
        """Refuse what is no number; every comparison with NaN is false, so the limits let it pass."""
        if not math.isfinite(value):
            raise serializers.ValidationError("A finite number is required.")
        return value


class SubmitSerializer(AnswerSerializer):
    """An answer, with the id that makes its repetition harmless."""

    client_id = serializers.UUIDField()


def as_answer(submitted: dict[str, Any]) -> tuple[uuid.UUID, Answer]:
    """The client's id and the answer, of what :class:`SubmitSerializer` found good."""
    fields = dict(submitted)
    said = [Judgement(**each) for each in fields.pop("completions", [])]
    return fields.pop("client_id"), Answer(**fields, completions=said)


class SubmittedSerializer(serializers.Serializer[dict[str, object]]):
    """The annotation that was made."""

    uid = serializers.UUIDField()
    progress = RankingProgressSerializer()


class UndoneSerializer(serializers.Serializer[dict[str, object]]):
    """A withdrawn annotation's task, leased again, and what was said."""

    assignment = TaskItemSerializer()
    ranking = serializers.ListField(child=serializers.IntegerField())
    gaps = serializers.ListField(child=serializers.IntegerField(allow_null=True))
    all_bad = serializers.BooleanField()
    rationale = serializers.CharField(allow_blank=True)
    completions = JudgementSerializer(many=True, required=False)
