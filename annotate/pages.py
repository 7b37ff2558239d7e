"""What is not the API: the front end's page, and whether the server lives and is ready."""

from __future__ import annotations

from collections.abc import Callable

import redis
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import ensure_csrf_cookie

_NOT_BUILT = "The front end is not built. Run `make build` (it needs Node 20), then reload this page.\n"


@ensure_csrf_cookie
def single_page(request: HttpRequest) -> HttpResponse:
    """The front end, whatever its own address: it routes in the browser."""
    return _built("index.html", "text/html")


def service_worker(request: HttpRequest) -> HttpResponse:
    """What keeps the front end loading without a connection; at the root, since it serves all addresses."""
    return _built("sw.js", "text/javascript")


def _built(name: str, kind: str) -> HttpResponse:
    """A file of the front end that must be asked for each time; those that it names carry a hash."""
    file = settings.FRONTEND_DIST / name
    if not file.exists():
        return HttpResponse(_NOT_BUILT, status=503, content_type="text/plain")
    headers = {"Cache-Control": "no-cache"}
    return HttpResponse(file.read_bytes(), content_type=f"{kind}; charset=utf-8", headers=headers)


def api_unknown(request: HttpRequest) -> HttpResponse:
    """An address under /api that no room has."""
    return JsonResponse({"detail": "There is no such address."}, status=404)


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> HttpResponse:
    """The parts that a request needs answer; 503 names those that do not."""
    checks = {"database": _check(_database), "redis": _check(_redis), "migrations": _check(_migrations)}
    return JsonResponse(checks, status=200 if all(word == "ok" for word in checks.values()) else 503)


def _check(check: Callable[[], None]) -> str:
    try:
        check()
    except (DatabaseError, InterfaceError, redis.RedisError, RuntimeError) as problem:
        return str(problem).strip().splitlines()[0] if str(problem).strip() else type(problem).__name__
    return "ok"


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _redis() -> None:
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2.0) as client:
        client.ping()


def _migrations() -> None:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        raise RuntimeError(f"{len(waiting)} migrations are not applied")
