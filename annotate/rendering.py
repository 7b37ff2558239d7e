"""JSON for what is asked all day, written straight from dataclasses."""

from __future__ import annotations

from typing import Any

import orjson
from django.http import HttpResponse


def json_response(content: Any, status: int = 200) -> HttpResponse:
    """An answer of dataclasses, dates and UUIDs as the API's serializers write them."""
    body = orjson.dumps(content, option=orjson.OPT_UTC_Z)
    return HttpResponse(body, content_type="application/json", status=status)
