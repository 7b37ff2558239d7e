"""Gold: marking it, and who agrees with it how far."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotate.accounts.authentication import person
from annotate.accounts.permissions import RunsRounds
from annotate.campaigns.access import campaign_or_404
from annotate.quality import gold
from annotate.quality.gold_serializers import (
    AnnotatorScoreSerializer,
    GoldSerializer,
    NewGoldSerializer,
    OwnGoldShownSerializer,
)


class ComparisonGoldView(APIView):
    """The gold ranking of a comparison."""

    permission_classes = [RunsRounds]

    @extend_schema(request=NewGoldSerializer, responses=GoldSerializer)
    def put(self, request: Request, uid: uuid.UUID) -> Response:
        """Hold a ranking to be right; ``ask`` more people for theirs."""
        wanted = NewGoldSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        marked = gold.mark_gold(user=person(request), comparison_uid=uid, **wanted.validated_data)
        return Response(GoldSerializer(marked).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, uid: uuid.UUID) -> Response:
        """Hold none to be right any more; what people said stays."""
        gold.unmark_gold(comparison_uid=uid)
        return Response(status=status.HTTP_204_NO_CONTENT)


class CampaignGoldView(APIView):
    """The gold of a campaign."""

    permission_classes = [RunsRounds]

    @extend_schema(responses=GoldSerializer(many=True))
    def get(self, request: Request, campaign_id: int) -> Response:
        """All of it, newest first."""
        campaign = campaign_or_404(campaign_id, person(request))
        return Response(GoldSerializer(gold.gold_of(campaign), many=True).data)


class GoldScoresView(APIView):
    """Who agrees with gold how far."""

    permission_classes = [RunsRounds]

    @extend_schema(responses=AnnotatorScoreSerializer(many=True))
    def get(self, request: Request, campaign_id: int) -> Response:
        """Every annotator who has answered gold comparisons, by name; open rounds count too."""
        scores = gold.scores_of(campaign_or_404(campaign_id, person(request)))
        rows = [{"annotator": user.username, "score": score} for user, score in scores]
        return Response(AnnotatorScoreSerializer(rows, many=True).data)


class OwnGoldView(APIView):
    """One's own agreement with gold."""

    @extend_schema(responses=OwnGoldShownSerializer)
    def get(self, request: Request, campaign_id: int) -> Response:
        """Where the campaign shows it, and of rounds that no longer collect."""
        campaign = campaign_or_404(campaign_id, person(request))
        mine = gold.own_gold(campaign=campaign, user=person(request))
        return Response(OwnGoldShownSerializer({"gold": mine}).data)
