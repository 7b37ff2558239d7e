"""The websocket addresses."""

from __future__ import annotations

from django.urls import path

from annotate.live.consumers import RoundConsumer

websocket_urlpatterns = [path("ws/rounds/<int:round_id>", RoundConsumer.as_asgi())]
