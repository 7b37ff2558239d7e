"""One shape for every refusal: ``{"detail": "one sentence", ...}`` with the right status code."""

from __future__ import annotations

import errno
import sys
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from psycopg.errors import DiskFull
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler


class Conflict(APIException):
    """409: the thing asked for does not fit the present state (an expired lease, a round elsewhere)."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = "This does not fit the present state."
    default_code = "conflict"


class TooLarge(APIException):
    """413: what was sent is larger than this server takes."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class Invalid(APIException):
    """400: the input breaks a rule; ``problems`` lists each place and reason for a person."""

    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "invalid"

    def __init__(self, detail: str, problems: list[dict[str, Any]] | None = None) -> None:
        super().__init__(detail)
        self.problems = problems or []


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Field errors keep their fields under ``errors`` beside one sentence in ``detail``."""
    if isinstance(exc, RequestDataTooBig):
        exc = TooLarge(f"The request is larger than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE:,} bytes.")
    response = drf_exception_handler(exc, context)
    if response is None:
        return None
    if isinstance(exc, Invalid):
        response.data = {"detail": str(exc.detail), "problems": exc.problems}
    elif not isinstance(response.data, dict) or "detail" not in response.data:
        response.data = {"detail": _first_sentence(response.data), "errors": response.data}
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """Answers for what nobody caught: 507 on a full disk, 503 while the database is away, else 500."""
    problem = sys.exc_info()[1]
    if (isinstance(problem, OSError) and problem.errno == errno.ENOSPC) or _has_cause(problem, DiskFull):
        full = {"detail": "The server's disk is full: this was not saved. Free some space and try again."}
        return JsonResponse(full, status=507)
    if isinstance(problem, OperationalError | InterfaceError):
        away = {"detail": "The database does not answer at the moment; nothing is lost. Try again shortly."}
        return JsonResponse(away, status=503, headers={"Retry-After": "2"})
    return JsonResponse({"detail": "Something broke inside Plumbline; its log says what."}, status=500)


def _has_cause(problem: BaseException | None, kind: type[BaseException]) -> bool:
    return problem is not None and isinstance(problem.__cause__, kind)


def _first_sentence(errors: Any, where: str = "") -> str:
    if isinstance(errors, dict):
        field, value = next(iter(errors.items()))
        return _first_sentence(value, where if field == "non_field_errors" else f"{where}{field}: ")
    if isinstance(errors, list):
        return _first_sentence(next((item for item in errors if item), "wrong value"), where)
    return f"{where}{errors}"
