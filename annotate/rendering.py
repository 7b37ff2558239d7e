"""JSON for what is asked all day, written straight from dataclasses."""

from __future__ import annotations

from typing import Any

import orjson
from django.http import HttpResponse
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView


def json_bytes(content: Any) -> bytes:
    """Dataclasses, dates and UUIDs as the API's serializers write them."""
    return orjson.dumps(content, option=orjson.OPT_UTC_Z)


def json_response(content: Any, status: int = 200) -> HttpResponse:
    """An answer of :func:`json_bytes`."""
    return HttpResponse(json_bytes(content), content_type="application/json", status=status)


class JsonView(APIView):
    """An endpoint that speaks JSON whatever its client says that it accepts, as all programs do anyway."""

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[BaseRenderer, str]:
        renderer = self.renderer_classes[0]()
        return renderer, renderer.media_type
