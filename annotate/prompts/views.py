"""Listing and importing the prompts of a campaign."""

from __future__ import annotations

from django.conf import settings
from django.db.models import F
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotate.accounts.authentication import person
from annotate.accounts.permissions import RunsRounds
from annotate.campaigns.access import campaign_or_404
from annotate.errors import TooLarge
from annotate.prompts.models import Prompt
from annotate.prompts.serializers import (
    ImportResultSerializer,
    ImportSerializer,
    PromptQuerySerializer,
    PromptSerializer,
)
from annotate.prompts.services import import_prompts
from annotate.prompts.turns import Turns

MULTIPART_SLACK = 64 * 1024


class PromptsView(ListAPIView[Prompt]):
    """The prompts of a campaign."""

    permission_classes = [RunsRounds]
    serializer_class = PromptSerializer
    queryset = Prompt.objects.none()

    @extend_schema(parameters=[PromptQuerySerializer])
    def get(self, request: Request, campaign_id: int) -> Response:
        """A page of prompts, oldest first."""
        query = PromptQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        prompts = Prompt.objects.filter(campaign=campaign_or_404(campaign_id, person(request)))
        if split := query.validated_data.get("split"):
            prompts = prompts.filter(split=split)
        if text := query.validated_data.get("q"):
            prompts = prompts.annotate(turns=Turns(F("messages"))).filter(turns__icontains=text)
        self.queryset = prompts.order_by("pk")
        return self.list(request)


class ImportView(APIView):
    """Importing a prompt file."""

    permission_classes = [RunsRounds]
    parser_classes = [MultiPartParser]

    @extend_schema(request={"multipart/form-data": ImportSerializer}, responses={201: ImportResultSerializer})
    def post(self, request: Request, campaign_id: int) -> Response:
        """Import a JSON-lines file, all of it or (with the lines that are wrong) nothing."""
        campaign = campaign_or_404(campaign_id, person(request))
        # Said before the body is parsed and spooled to disk.
        if int(request.META.get("CONTENT_LENGTH") or 0) > settings.PROMPT_FILE_MAX_BYTES + MULTIPART_SLACK:
            raise TooLarge(f"The file is larger than {settings.PROMPT_FILE_MAX_BYTES:,} bytes; split it.")
        form = ImportSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        result = import_prompts(
            campaign=campaign,
            stream=form.validated_data["file"],
            heldout_share=form.validated_data["heldout_share"],
        )
        return Response(ImportResultSerializer(result).data, status=status.HTTP_201_CREATED)
