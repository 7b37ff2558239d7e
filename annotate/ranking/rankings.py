"""What was said in a round, for those who run it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from annotate.accounts.permissions import RunsRounds
from annotate.prompts.serializers import MessageSerializer
from annotate.ranking.models import Annotation
from annotate.rounds.models import Round


class RankedSerializer(serializers.Serializer[Any]):
    """A completion at its rank."""

    text = serializers.CharField()
    temperature = serializers.FloatField()
    finish = serializers.CharField()


class RankingSerializer(serializers.Serializer[Annotation]):
    """One standing annotation, completions best first."""

    uid = serializers.UUIDField()
    annotator = serializers.CharField(source="assignment.annotator.username")
    submitted_at = serializers.DateTimeField()
    prompt = MessageSerializer(source="assignment.comparison.prompt.messages", many=True)
    completions = serializers.SerializerMethodField()
    gaps = serializers.ListField(child=serializers.IntegerField(allow_null=True))
    all_bad = serializers.BooleanField()
    rationale = serializers.CharField()
    active_seconds = serializers.FloatField()

    @extend_schema_field(RankedSerializer(many=True))
    def get_completions(self, annotation: Annotation) -> list[dict[str, Any]]:
        """The completions in the order that the annotator put them."""
        by_index = {each.index: each for each in annotation.assignment.comparison.completions.all()}
        return list(RankedSerializer([by_index[index] for index in annotation.ranking], many=True).data)


class RankingsView(ListAPIView[Annotation]):
    """The annotations of a round."""

    permission_classes = [RunsRounds]
    serializer_class = RankingSerializer
    queryset = Annotation.objects.none()

    @extend_schema(operation_id="rounds_rankings_list")
    def get(self, request: Request, round_id: int) -> Response:
        """A page of standing annotations, newest first."""
        if not Round.objects.filter(pk=round_id).exists():
            raise NotFound("There is no such round.")
        self.queryset = (
            Annotation.objects.filter(assignment__comparison__round=round_id, withdrawn_at=None)
            .select_related("assignment__annotator", "assignment__comparison__prompt")
            .prefetch_related("assignment__comparison__completions")
            .order_by("-submitted_at", "-pk")
        )
        return self.list(request)
