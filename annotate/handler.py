"""Django's requests under ASGI, with one change of threads each.

Django's own ASGI handler takes a request of synchronous code through a thread for every middleware that is
not asynchronous, which costs more than the request itself. Here middleware and view run in one go, as they do
under WSGI, in a thread of a small pool; each thread keeps its database connection.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.db import connections
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix


class ThreadedHandler(ASGIHandler):
    """Answers each HTTP request in one of ``threads`` threads."""

    def __init__(self, threads: int) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        self._pool = ThreadPoolExecutor(threads, "request", _keep_connections)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        loop = asyncio.get_running_loop()
        response = await loop.run_in_executor(self._pool, self._respond, scope, body)
        if not response.streaming:
            await self.send_response(response, send)
            return
        # What writes a long answer has a thread of its own.
        async with ThreadSensitiveContext():
            try:
                await self.send_response(response, send)
            finally:
                await sync_to_async(response.close)()

    def _respond(self, scope: Any, body: IO[bytes]) -> HttpResponseBase:
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=type(self), scope=scope)
        request, refusal = self.create_request(scope, body)
        response = refusal if request is None else self.get_response(request)
        assert response is not None
        if not response.streaming:
            # Its content stays; this ends the request for the database.
            response.close()
            body.close()
        return response


def _keep_connections() -> None:
    """Give this thread database connections of its own: from a pool it would take one for each request."""
    for connection in connections.all():
        own = connection.settings_dict
        options = {name: value for name, value in own["OPTIONS"].items() if name != "pool"}
        connection.settings_dict = {**own, "OPTIONS": options, "CONN_MAX_AGE": None}
