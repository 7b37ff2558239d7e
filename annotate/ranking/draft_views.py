"""Drafts of answers, kept on the server."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotate.accounts.authentication import person
from annotate.ranking import drafts
from annotate.ranking.draft_serializers import (
    DraftConflictSerializer,
    DraftStandsSerializer,
    NewDraftSerializer,
)

NEWER = "Another tab or device has written this draft meanwhile; here is what it wrote."


class DraftView(APIView):
    """The draft of an assignment."""

    @extend_schema(responses=DraftStandsSerializer)
    def get(self, request: Request, uid: uuid.UUID) -> Response:
        """The draft, null where there is none, and whether the assignment still takes one."""
        return Response(DraftStandsSerializer(drafts.read_draft(user=person(request), uid=uid)).data)

    @extend_schema(
        request=NewDraftSerializer, responses={200: DraftStandsSerializer, 409: DraftConflictSerializer}
    )
    def put(self, request: Request, uid: uuid.UUID) -> Response:
        """Write it over the version that one knows; 409 with the newer one when another was faster."""
        sent = NewDraftSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        standing, is_written = drafts.save_draft(user=person(request), uid=uid, **sent.validated_data)
        if not is_written:
            newer = {"detail": NEWER, **DraftStandsSerializer(standing).data}
            return Response(newer, status=status.HTTP_409_CONFLICT)
        return Response(DraftStandsSerializer(standing).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, uid: uuid.UUID) -> Response:
        """Forget it."""
        drafts.drop_draft(user=person(request), uid=uid)
        return Response(status=status.HTTP_204_NO_CONTENT)
