"""The ASGI entry: HTTP to Django, websockets to Channels.

A websocket carries the session cookie whoever opens it, so its Origin must be one of our own hosts.
"""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotate.settings")
django.setup(set_prefix=False)

from channels.auth import AuthMiddlewareStack  # noqa: E402 - after the set-up
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402 - after the set-up
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402 - after the set-up
from django.conf import settings  # noqa: E402 - after the set-up

from annotate.chat import routing as chat  # noqa: E402 - after the set-up
from annotate.handler import ThreadedHandler  # noqa: E402 - after the set-up
from annotate.limits import BodyLimit  # noqa: E402 - after the set-up
from annotate.live import routing as live  # noqa: E402 - after the set-up
from annotate.ranking.desk import Desk  # noqa: E402 - after the set-up

MULTIPART_SLACK = 1024 * 1024
http = Desk(ThreadedHandler(settings.REQUEST_THREADS), lines=settings.DESK_LINES)
SOCKETS = URLRouter([*live.websocket_urlpatterns, *chat.websocket_urlpatterns])

application = ProtocolTypeRouter(
    {
        "http": BodyLimit(http, most=settings.PROMPT_FILE_MAX_BYTES + MULTIPART_SLACK),
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(SOCKETS)),
    }
)
