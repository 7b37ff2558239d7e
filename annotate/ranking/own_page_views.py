"""One's own page."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotate.accounts.authentication import person
from annotate.campaigns.access import campaign_or_404
from annotate.prompts.serializers import MessageSerializer
from annotate.ranking.own_page import Agreement, Day, OwnPage, Skip, own_page

# From Baker Island to Kiribati.
WEST, EAST = -12 * 60, 14 * 60


class OwnPageQuerySerializer(serializers.Serializer[None]):
    """Where the person is: their day begins at their own midnight."""

    utc_offset = serializers.IntegerField(
        min_value=WEST, max_value=EAST, default=0, help_text="Minutes east of UTC."
    )


class OwnAgreementSerializer(serializers.Serializer[Agreement]):
    """Of the pairs that one and another annotator both put in an order, how many were in the same."""

    comparisons = serializers.IntegerField()
    pairs = serializers.IntegerField()
    agreed = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True)


class OwnSkipSerializer(serializers.Serializer[Skip]):
    """A comparison that one gave back."""

    round = serializers.IntegerField()
    prompt = MessageSerializer(many=True)
    reason = serializers.CharField(allow_blank=True)


class OwnDaySerializer(serializers.Serializer[Day]):
    """What one did on a day."""

    day = serializers.DateField()
    annotations = serializers.IntegerField()
    active_seconds = serializers.FloatField()


class OwnPageSerializer(serializers.Serializer[OwnPage]):
    """One's own numbers in a campaign; ``agreement`` is null where the campaign does not show it."""

    today = serializers.IntegerField()
    total = serializers.IntegerField()
    active_seconds_today = serializers.FloatField()
    pace_seconds = serializers.FloatField(allow_null=True)
    agreement = OwnAgreementSerializer(allow_null=True)
    skipped = serializers.IntegerField()
    skips = OwnSkipSerializer(many=True)
    days = OwnDaySerializer(many=True)


class OwnPageView(APIView):
    """How one's own work stands."""

    @extend_schema(parameters=[OwnPageQuerySerializer], responses=OwnPageSerializer)
    def get(self, request: Request, campaign_id: int) -> Response:
        """Counts, pace, agreement with others and skips, of nobody but oneself."""
        query = OwnPageQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        campaign = campaign_or_404(campaign_id, person(request))
        page = own_page(campaign=campaign, user=person(request), **query.validated_data)
        return Response(OwnPageSerializer(page).data)
