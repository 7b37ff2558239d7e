"""Campaigns and their members."""

from __future__ import annotations

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework import status
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotate.accounts.authentication import person
from annotate.accounts.models import User
from annotate.accounts.permissions import RunsRounds
from annotate.campaigns import services
from annotate.campaigns.access import campaign_or_404, visible_campaigns
from annotate.campaigns.models import Campaign
from annotate.campaigns.serializers import (
    CampaignChangeSerializer,
    MemberNameSerializer,
    NewCampaignSerializer,
)
from annotate.ranking.overview import members_of, overview
from annotate.ranking.overview_serializers import (
    CampaignForMemberSerializer,
    CampaignSerializer,
    MemberSerializer,
)


def _either(*, many: bool) -> PolymorphicProxySerializer:
    return PolymorphicProxySerializer(
        component_name="AnyCampaign",
        serializers=[CampaignSerializer, CampaignForMemberSerializer],
        resource_type_field_name=None,
        many=many,
    )


def _shape(campaign: Campaign, user: User) -> dict[str, object]:
    serializer = CampaignSerializer if user.runs_rounds else CampaignForMemberSerializer
    return dict(serializer(overview(campaign, user)).data)


class CampaignsView(APIView):
    """All campaigns that one may see."""

    def get_permissions(self) -> list[BasePermission]:
        return [IsAuthenticated() if self.request.method == "GET" else RunsRounds()]

    @extend_schema(responses=_either(many=True))
    def get(self, request: Request) -> Response:
        """The campaigns one runs (all of them) or is a member of, newest first, archived ones last."""
        user = person(request)
        campaigns = visible_campaigns(user).order_by("-archived_at", "-pk")
        if not user.runs_rounds:
            campaigns = campaigns.filter(archived_at=None)
        return Response([_shape(campaign, user) for campaign in campaigns])

    @extend_schema(request=NewCampaignSerializer, responses={201: CampaignSerializer})
    def post(self, request: Request) -> Response:
        """Create a campaign."""
        wanted = NewCampaignSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        campaign = services.create_campaign(creator=person(request), **wanted.validated_data)
        return Response(_shape(campaign, person(request)), status=status.HTTP_201_CREATED)


class CampaignView(APIView):
    """One campaign."""

    def get_permissions(self) -> list[BasePermission]:
        return [IsAuthenticated() if self.request.method == "GET" else RunsRounds()]

    @extend_schema(responses=_either(many=False))
    def get(self, request: Request, campaign_id: int) -> Response:
        """A campaign that one may see."""
        return Response(_shape(campaign_or_404(campaign_id, person(request)), person(request)))

    @extend_schema(request=CampaignChangeSerializer, responses=CampaignSerializer)
    def patch(self, request: Request, campaign_id: int) -> Response:
        """Change it; settings that are not named keep their values. Open rounds keep their own recipe."""
        campaign = campaign_or_404(campaign_id, person(request))
        changes = CampaignChangeSerializer(data=request.data)
        changes.is_valid(raise_exception=True)
        campaign = services.update_campaign(campaign=campaign, **changes.validated_data)
        return Response(_shape(campaign, person(request)))


class MembersView(APIView):
    """Who annotates in a campaign."""

    permission_classes = [RunsRounds]

    @extend_schema(responses=MemberSerializer(many=True))
    def get(self, request: Request, campaign_id: int) -> Response:
        """The members, by name."""
        campaign = campaign_or_404(campaign_id, person(request))
        return Response(MemberSerializer(members_of(campaign), many=True).data)

    @extend_schema(request=MemberNameSerializer, responses={201: MemberSerializer(many=True)})
    def post(self, request: Request, campaign_id: int) -> Response:
        """Add a member (or oneself); the answer is the new list."""
        campaign = campaign_or_404(campaign_id, person(request))
        wanted = MemberNameSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        services.add_member(campaign=campaign, **wanted.validated_data)
        return Response(
            MemberSerializer(members_of(campaign), many=True).data, status=status.HTTP_201_CREATED
        )


class MemberView(APIView):
    """One member."""

    permission_classes = [RunsRounds]

    @extend_schema(responses={204: None})
    def delete(self, request: Request, campaign_id: int, user_id: int) -> Response:
        """Remove a member; what they submitted stays."""
        services.remove_member(campaign=campaign_or_404(campaign_id, person(request)), user_id=user_id)
        return Response(status=status.HTTP_204_NO_CONTENT)
