"""Looking at the record."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotate.accounts.authentication import person
from annotate.accounts.permissions import RunsRounds
from annotate.campaigns.access import campaign_or_404
from annotate.rounds.serializers import CheckpointSerializer
from annotate.rounds.services import champion_of


class CheckpointsView(APIView):
    """The checkpoints of a campaign."""

    permission_classes = [RunsRounds]

    @extend_schema(responses=CheckpointSerializer(many=True))
    def get(self, request: Request, campaign_id: int) -> Response:
        """Every checkpoint of the campaign, newest first."""
        campaign = campaign_or_404(campaign_id, person(request))
        champion = champion_of(campaign)
        shapes = CheckpointSerializer(
            campaign.checkpoints.order_by("-pk"),
            many=True,
            context={"champion_id": champion.pk if champion else None},
        )
        return Response(shapes.data)
