"""Downloading a campaign's preferences."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import islice

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotate.accounts.authentication import person
from annotate.accounts.permissions import RunsRounds
from annotate.campaigns.access import campaign_or_404
from annotate.datasets.exports import Export
from annotate.datasets.serializers import ExportQuerySerializer, ManifestSerializer

LINES_A_CHUNK = 200


def _export(request: Request, campaign_id: int) -> Export:
    query = ExportQuerySerializer(data=request.query_params)
    query.is_valid(raise_exception=True)
    wanted = query.validated_data
    campaign = campaign_or_404(campaign_id, person(request))
    return Export(campaign, format=wanted["format"], round_number=wanted.get("round"))


async def _chunks(lines: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The lines in chunks. Django would read a plain iterator to its end before it sends the first byte."""
    while chunk := await sync_to_async(lambda: b"".join(islice(lines, LINES_A_CHUNK)))():
        yield chunk


class ExportView(APIView):
    """The export itself."""

    permission_classes = [RunsRounds]

    @extend_schema(
        parameters=[ExportQuerySerializer], responses={(200, "application/jsonl"): OpenApiTypes.BINARY}
    )
    def get(self, request: Request, campaign_id: int) -> StreamingHttpResponse:
        """Stream the preferences as a file of JSON lines."""
        export = _export(request, campaign_id)
        return StreamingHttpResponse(
            _chunks(export.lines()),
            content_type="application/jsonl",
            headers={"Content-Disposition": f'attachment; filename="{export.file_name}"'},
        )


class ManifestView(APIView):
    """What the export holds."""

    permission_classes = [RunsRounds]

    @extend_schema(parameters=[ExportQuerySerializer], responses=ManifestSerializer)
    def get(self, request: Request, campaign_id: int) -> Response:
        """Count and hash what the export would give at this moment."""
        export = _export(request, campaign_id)
        for _ in export.lines():
            pass
        return Response(ManifestSerializer(export.manifest()).data)
