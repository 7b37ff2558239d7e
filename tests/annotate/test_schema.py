"""The API's description that the pages' types are made from is the API's own."""

from __future__ import annotations

import json
from pathlib import Path

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer

COMMITTED = Path(__file__).resolve().parent.parent.parent / "frontend" / "openapi.json"


def test_the_committed_description_is_current() -> None:
    """If this fails, run ``make schema`` and look at what changed for the pages."""
    now = OpenApiJsonRenderer().render(
        SchemaGenerator().get_schema(request=None, public=True), renderer_context={}
    )
    assert json.loads(COMMITTED.read_text()) == json.loads(now)
