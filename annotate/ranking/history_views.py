"""One's own annotations."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotate.accounts.authentication import person
from annotate.campaigns.access import campaign_or_404, require_member
from annotate.ranking.history import own_annotation, own_annotations
from annotate.ranking.history_serializers import (
    MineAnnotationSerializer,
    MineQuerySerializer,
    OwnAnnotationSerializer,
)
from annotate.ranking.models import Annotation


class MineView(ListAPIView[Annotation]):
    """One's own annotations in a campaign."""

    serializer_class = MineAnnotationSerializer
    queryset = Annotation.objects.none()

    @extend_schema(operation_id="campaigns_annotations_mine_list", parameters=[MineQuerySerializer])
    def get(self, request: Request, campaign_id: int) -> Response:
        """A page of one's own annotations that stand, newest first."""
        query = MineQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        user = person(request)
        campaign = campaign_or_404(campaign_id, user)
        require_member(campaign, user)
        self.queryset = own_annotations(user=user, campaign=campaign, **query.validated_data)
        return self.list(request)


class AnnotationView(APIView):
    """One annotation of one's own."""

    @extend_schema(responses=OwnAnnotationSerializer)
    def get(self, request: Request, uid: uuid.UUID) -> Response:
        """What stands now, and all that was said before: amending and undoing leave their trace."""
        annotation, trail = own_annotation(user=person(request), uid=uid)
        campaign = annotation.assignment.comparison.round.campaign_id
        body = {"campaign": campaign, "annotation": annotation, "trail": trail}
        return Response(OwnAnnotationSerializer(body).data)
