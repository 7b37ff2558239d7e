"""The websocket address of a conversation."""

from __future__ import annotations

from django.urls import path

from annotate.chat.consumers import ConversationConsumer

websocket_urlpatterns = [path("ws/conversations/<uuid:uid>", ConversationConsumer.as_asgi())]
