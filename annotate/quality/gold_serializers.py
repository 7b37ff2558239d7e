"""The shapes of gold. An annotator gets theirs in the positions that they saw, and blind."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotate.campaigns.recipe import MAX_K
from annotate.prompts.serializers import MessageSerializer
from annotate.quality.agreement import Score
from annotate.quality.gold import GoldAnswer, OwnGold
from annotate.quality.models import Gold
from training.contracts import MAX_MARGIN

MAX_EXPLANATION = 2_000


class NewGoldSerializer(serializers.Serializer[None]):
    """What shall be gold: an annotation of the comparison, or a ranking of indices with its gaps."""

    annotation = serializers.UUIDField(required=False)
    ranking = serializers.ListField(
        child=serializers.IntegerField(min_value=0), max_length=MAX_K, required=False
    )
    gaps = serializers.ListField(
        child=serializers.IntegerField(allow_null=True, min_value=0, max_value=MAX_MARGIN),
        max_length=MAX_K,
        required=False,
    )
    explanation = serializers.CharField(max_length=MAX_EXPLANATION, allow_blank=True, default="")
    ask = serializers.IntegerField(
        min_value=1, max_value=10_000, required=False, help_text="How many people shall rank it."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Either of the two."""
        if ("annotation" in attrs) == ("ranking" in attrs and "gaps" in attrs):
            raise serializers.ValidationError("Send an annotation, or a ranking with its gaps.")
        attrs["annotation_uid"] = attrs.pop("annotation", None)
        return attrs


class GoldCompletionSerializer(serializers.Serializer[Any]):
    """A completion and its index."""

    index = serializers.IntegerField()
    text = serializers.CharField()


class GoldSerializer(serializers.Serializer[Any]):
    """A gold comparison as its reviewers see it; ``ranking`` has indices, best first."""

    comparison = serializers.UUIDField(source="comparison.uid")
    round = serializers.IntegerField(source="comparison.round.number")
    prompt = MessageSerializer(source="comparison.prompt.messages", many=True)
    completions = serializers.SerializerMethodField()
    ranking = serializers.ListField(child=serializers.IntegerField())
    gaps = serializers.ListField(child=serializers.IntegerField(allow_null=True))
    explanation = serializers.CharField()
    marked_by = serializers.CharField(source="marked_by.username")
    marked_at = serializers.DateTimeField()
    asked = serializers.IntegerField(source="comparison.overlap")
    answered = serializers.IntegerField(source="comparison.submitted")

    @extend_schema_field(GoldCompletionSerializer(many=True))
    def get_completions(self, gold: Gold) -> list[dict[str, Any]]:
        """The completions by index."""
        by_index = sorted(gold.comparison.completions.all(), key=lambda each: each.index)
        return [{"index": each.index, "text": each.text} for each in by_index]


class ScoreSerializer(serializers.Serializer[Score]):
    """How far rankings agree with gold: ``share`` of ``pairs``, and the ``margin_distance`` in levels."""

    comparisons = serializers.IntegerField()
    pairs = serializers.IntegerField()
    agreed = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True)
    margin_distance = serializers.FloatField(allow_null=True)


def _interval() -> serializers.ListField:
    return serializers.ListField(
        child=serializers.FloatField(),
        min_length=2,
        max_length=2,
        allow_null=True,
        help_text="The ends of a 95 % interval.",
    )


class AgreementSerializer(ScoreSerializer):
    """The same over several comparisons; the intervals take comparisons, not pairs, as independent."""

    share_interval = _interval()
    margin_interval = _interval()


class AnnotatorScoreSerializer(serializers.Serializer[Any]):
    """One annotator's agreement with gold."""

    annotator = serializers.CharField()
    score = AgreementSerializer()


class OwnGoldAnswerSerializer(serializers.Serializer[GoldAnswer]):
    """One's own annotation of a gold comparison, and the gold in the positions that one saw."""

    annotation = serializers.UUIDField(source="annotation.uid")
    round = serializers.IntegerField(source="annotation.assignment.comparison.round.number")
    prompt = MessageSerializer(source="annotation.assignment.comparison.prompt.messages", many=True)
    score = ScoreSerializer()
    ranking = serializers.SerializerMethodField()
    gaps = serializers.ListField(source="gold.gaps", child=serializers.IntegerField(allow_null=True))
    explanation = serializers.CharField(source="gold.explanation")

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField()))
    def get_ranking(self, answer: GoldAnswer) -> list[int]:
        """The gold ranking's positions, best first."""
        shown_at = {index: place for place, index in enumerate(answer.annotation.assignment.order)}
        return [shown_at[index] for index in answer.gold.ranking]


class OwnGoldSerializer(serializers.Serializer[OwnGold]):
    """One's own agreement with gold, over rounds that no longer collect."""

    score = AgreementSerializer()
    answers = OwnGoldAnswerSerializer(many=True)


class OwnGoldShownSerializer(serializers.Serializer[dict[str, Any]]):
    """The same, or null where the campaign does not show it."""

    gold = OwnGoldSerializer(allow_null=True)
