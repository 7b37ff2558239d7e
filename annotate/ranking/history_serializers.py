"""The shapes of one's own annotations. They are blind: positions and texts, and nothing of their origin."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotate.prompts.serializers import MessageSerializer
from annotate.ranking.answers import Judgement
from annotate.ranking.judgement_serializers import JudgementSerializer
from annotate.ranking.models import Annotation
from annotate.ranking.submissions import answer_of
from annotate.rounds.models import RoundState


class MineQuerySerializer(serializers.Serializer[None]):
    """Which of one's annotations to list."""

    q = serializers.CharField(
        max_length=200, required=False, help_text="Text of the prompt, of an answer or of the reason."
    )
    round = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    amended = serializers.BooleanField(allow_null=True, required=False, default=None)


class SaidCompletionSerializer(JudgementSerializer):
    """A completion at the place where it was shown, and what was said of it."""

    text = serializers.CharField()


class SaidSerializer(serializers.Serializer[Annotation]):
    """What an annotation says, in terms of the positions that one saw."""

    uid = serializers.UUIDField()
    submitted_at = serializers.DateTimeField()
    amended = serializers.SerializerMethodField()
    ranking = serializers.SerializerMethodField()
    gaps = serializers.ListField(child=serializers.IntegerField(allow_null=True))
    all_bad = serializers.BooleanField()
    rationale = serializers.CharField()

    def get_amended(self, annotation: Annotation) -> bool:
        """Whether it was put in the place of an earlier one."""
        return annotation.amends_id is not None

    def get_ranking(self, annotation: Annotation) -> list[int]:
        """The positions, best first."""
        return answer_of(annotation, annotation.assignment.order).ranking


class MineAnnotationSerializer(SaidSerializer):
    """An annotation of one's own that stands."""

    round = serializers.IntegerField(source="assignment.comparison.round.number")
    amendable = serializers.SerializerMethodField()
    prompt = MessageSerializer(source="assignment.comparison.prompt.messages", many=True)
    completions = serializers.SerializerMethodField()
    active_seconds = serializers.FloatField()

    def get_amendable(self, annotation: Annotation) -> bool:
        """Whether its round still collects."""
        return annotation.assignment.comparison.round.state == RoundState.COLLECTING

    @extend_schema_field(SaidCompletionSerializer(many=True))
    def get_completions(self, annotation: Annotation) -> list[dict[str, Any]]:
        """The completions where they were shown."""
        order = annotation.assignment.order
        texts = [each.text for each in annotation.assignment.comparison.completions.all()]
        said = answer_of(annotation, order).completions or [Judgement(place) for place in range(len(order))]
        shown = [asdict(judgement) | {"text": texts[order[judgement.position]]} for judgement in said]
        return list(SaidCompletionSerializer(shown, many=True).data)


class TrailSerializer(SaidSerializer):
    """One step of an annotation's trail: what was said then, and until when it stood."""

    withdrawn_at = serializers.DateTimeField(allow_null=True)
    completions = serializers.SerializerMethodField()

    @extend_schema_field(JudgementSerializer(many=True))
    def get_completions(self, annotation: Annotation) -> list[dict[str, Any]]:
        """What was said of each completion, nothing where nothing was."""
        said = answer_of(annotation, annotation.assignment.order).completions
        return list(JudgementSerializer(said, many=True).data)


class OwnAnnotationSerializer(serializers.Serializer[dict[str, Any]]):
    """One annotation with all that was said of its comparison before."""

    campaign = serializers.IntegerField()
    annotation = MineAnnotationSerializer()
    trail = TrailSerializer(many=True)
