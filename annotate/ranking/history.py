"""What one said oneself in a campaign, to look at and, while the round collects, to amend."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.db.models import Prefetch
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from annotate.accounts.authentication import person
from annotate.campaigns.access import campaign_or_404, require_member
from annotate.prompts.serializers import MessageSerializer
from annotate.ranking.answers import Judgement
from annotate.ranking.judgement_serializers import JudgementSerializer
from annotate.ranking.models import Annotation, Completion
from annotate.ranking.submissions import answer_of, standing
from annotate.rounds.models import RoundState

_TEXTS = Completion.objects.only("comparison", "index", "text").order_by("index")


class SaidCompletionSerializer(JudgementSerializer):
    """A completion at the place where it was shown, and what was said of it."""

    text = serializers.CharField()


class MineAnnotationSerializer(serializers.Serializer[Annotation]):
    """An annotation of one's own that stands, in terms of the positions that one saw. It is blind."""

    uid = serializers.UUIDField()
    round = serializers.IntegerField(source="assignment.comparison.round.number")
    submitted_at = serializers.DateTimeField()
    amended = serializers.SerializerMethodField()
    amendable = serializers.SerializerMethodField()
    prompt = MessageSerializer(source="assignment.comparison.prompt.messages", many=True)
    completions = serializers.SerializerMethodField()
    ranking = serializers.SerializerMethodField()
    gaps = serializers.ListField(child=serializers.IntegerField(allow_null=True))
    all_bad = serializers.BooleanField()
    rationale = serializers.CharField()
    active_seconds = serializers.FloatField()

    def get_amended(self, annotation: Annotation) -> bool:
        """Whether it was put in the place of an earlier one."""
        return annotation.amends_id is not None

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

    def get_ranking(self, annotation: Annotation) -> list[int]:
        """The positions, best first."""
        return answer_of(annotation, annotation.assignment.order).ranking


class MineView(ListAPIView[Annotation]):
    """One's own annotations in a campaign."""

    serializer_class = MineAnnotationSerializer
    queryset = Annotation.objects.none()

    @extend_schema(operation_id="campaigns_annotations_mine_list")
    def get(self, request: Request, campaign_id: int) -> Response:
        """A page of one's own annotations that stand, newest first."""
        user = person(request)
        campaign = campaign_or_404(campaign_id, user)
        require_member(campaign, user)
        self.queryset = (
            standing(user)
            .filter(assignment__comparison__round__campaign=campaign)
            .select_related("assignment__comparison__round", "assignment__comparison__prompt")
            .prefetch_related(Prefetch("assignment__comparison__completions", queryset=_TEXTS))
            .order_by("-submitted_at", "-pk")
        )
        return self.list(request)
