"""Who may call what. Each endpoint names one of these."""

from __future__ import annotations

from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from annotate.accounts.authentication import person
from annotate.accounts.models import Role


class RunsRounds(IsAuthenticated):
    """Admins and researchers."""

    message = "Only an admin or a researcher may do this."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return super().has_permission(request, view) and person(request).runs_rounds


class IsAdmin(IsAuthenticated):
    """Admins."""

    message = "Only an admin may do this."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return super().has_permission(request, view) and person(request).role == Role.ADMIN
