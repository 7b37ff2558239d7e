"""How a request says who it acts for: a bearer token (programs) or the session cookie (browsers)."""

from __future__ import annotations

import hashlib

from django.utils import timezone
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from annotate.accounts.models import ApiToken, User


def token_digest(token: str) -> str:
    """SHA-256 of a bearer token, in hex; what the database keeps in its place."""
    return hashlib.sha256(token.encode()).hexdigest()


class TokenAuthentication(authentication.BaseAuthentication):
    """``Authorization: Bearer TOKEN``."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        kind, _, value = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer":
            return None
        token = ApiToken.objects.select_related("user").filter(digest=token_digest(value.strip())).first()
        if token is None or not token.user.is_active:
            raise exceptions.AuthenticationFailed("This API token is unknown or revoked.")
        now = timezone.now()
        # A token is used many times a second; once a minute is enough to know that it lives.
        if token.last_used_at is None or (now - token.last_used_at).total_seconds() > 60:
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class SessionAuthentication(authentication.SessionAuthentication):
    """The cookie, with CSRF; without it 401 rather than 403, so that the page can ask for a login."""

    def authenticate_header(self, request: Request) -> str:
        return "Session"


def person(request: Request) -> User:
    """The authenticated person behind a request; every endpoint that calls this requires a login."""
    if not isinstance(request.user, User):
        raise exceptions.NotAuthenticated
    return request.user
