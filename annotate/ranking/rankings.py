"""What was said in a round, for those who run it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from annotate.accounts.permissions import RunsRounds
from annotate.prompts.serializers import MessageSerializer
from annotate.ranking.answers import Judgement, by_position
from annotate.ranking.judgement_serializers import AttributesField, AttributeValueField, FlagSerializer
from annotate.ranking.models import Annotation
from annotate.rounds.models import Round


class RankedSerializer(serializers.Serializer[Any]):
    """A completion at its rank, and what was said of it."""

    index = serializers.IntegerField()
    text = serializers.CharField()
    temperature = serializers.FloatField()
    finish = serializers.CharField()
    safe = serializers.BooleanField(allow_null=True)
    attributes = AttributesField(child=AttributeValueField())
    thumb = serializers.ChoiceField(choices=["up", "down"], allow_null=True)
    flags = FlagSerializer(many=True)
    edit = serializers.CharField(allow_null=True)


class RankingSerializer(serializers.Serializer[Annotation]):
    """One standing annotation, completions best first."""

    uid = serializers.UUIDField()
    comparison = serializers.UUIDField(source="assignment.comparison.uid")
    annotator = serializers.CharField(source="assignment.annotator.username")
    submitted_at = serializers.DateTimeField()
    prompt = MessageSerializer(source="assignment.comparison.prompt.messages", many=True)
    completions = serializers.SerializerMethodField()
    gaps = serializers.ListField(child=serializers.IntegerField(allow_null=True))
    all_bad = serializers.BooleanField()
    rationale = serializers.CharField()
    active_seconds = serializers.FloatField()
    amended = serializers.SerializerMethodField()

    @extend_schema_field(RankedSerializer(many=True))
    def get_completions(self, annotation: Annotation) -> list[dict[str, Any]]:
        """The completions in the order that the annotator put them."""
        completions = {each.index: each for each in annotation.assignment.comparison.completions.all()}
        said = {each.position: each for each in by_position(annotation.judgements, range(len(completions)))}
        ranked = []
        for index in annotation.ranking:
            completion = completions[index]
            ranked.append(
                asdict(said.get(index, Judgement(index)))
                | {
                    "index": index,
                    "text": completion.text,
                    "temperature": completion.temperature,
                    "finish": completion.finish,
                }
            )
        return list(RankedSerializer(ranked, many=True).data)

    def get_amended(self, annotation: Annotation) -> bool:
        """Whether it was put in the place of an earlier one."""
        return annotation.amends_id is not None


class RankingsQuerySerializer(serializers.Serializer[None]):
    """Whose annotations to list."""

    annotator = serializers.CharField(max_length=150, required=False, help_text="A user name.")
    comparison = serializers.UUIDField(required=False)


class RankingsView(ListAPIView[Annotation]):
    """The annotations of a round."""

    permission_classes = [RunsRounds]
    serializer_class = RankingSerializer
    queryset = Annotation.objects.none()

    @extend_schema(operation_id="rounds_rankings_list", parameters=[RankingsQuerySerializer])
    def get(self, request: Request, round_id: int) -> Response:
        """A page of standing annotations, newest first."""
        query = RankingsQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        if not Round.objects.filter(pk=round_id).exists():
            raise NotFound("There is no such round.")
        found = Annotation.objects.filter(assignment__comparison__round=round_id, withdrawn_at=None)
        if annotator := query.validated_data.get("annotator"):
            found = found.filter(assignment__annotator__username=annotator)
        if comparison := query.validated_data.get("comparison"):
            found = found.filter(assignment__comparison__uid=comparison)
        self.queryset = (
            found.select_related("assignment__annotator", "assignment__comparison__prompt")
            .prefetch_related("assignment__comparison__completions")
            .order_by("-submitted_at", "-pk")
        )
        return self.list(request)
