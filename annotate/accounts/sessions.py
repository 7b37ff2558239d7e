"""Sessions that know whose they are, so that one statement tells who sends a request."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.core.handlers.asgi import ASGIRequest
from django.db import DEFAULT_DB_ALIAS
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject

from annotate.accounts.models import Session, User
from annotate.database.statements import row_of


@dataclass(frozen=True)
class Known:
    """A session that was found good, and what that followed from: it is good for as long as this stands."""

    session_key: str
    password: str
    auth_hash: str


KNOWN = "plumbline.known"
"""Where the ASGI scope of a request tells the :class:`Known` session that it was answered for."""


class SessionStore(DatabaseStore):
    """Django's sessions in the database, each with its person and the hash of their password at the login."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        session = cast(Session, super().create_model_instance(data))
        session.user_id = data.get(SESSION_KEY)
        session.auth_hash = data.get(HASH_SESSION_KEY, "")
        return session


class PersonMiddleware(AuthenticationMiddleware):
    """Django's ``request.user``, looked up with one statement instead of two."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _person(request))  # type: ignore[assignment]  # as Django does


def _person(request: HttpRequest) -> User | AnonymousUser:
    """Who is logged in. What is out of the ordinary (a new password, an old secret key) is left to Django."""
    # The answer depends on the cookie, which caches must be told.
    request.session.accessed = True
    row = row_of(_statement(), request.session.session_key)
    if row is not None:
        user = User.from_db(DEFAULT_DB_ALIAS, _fields(), row[:-1])
        if constant_time_compare(row[-1], user.get_session_auth_hash()):
            if isinstance(request, ASGIRequest):
                scope = cast(dict[str, Any], request.scope)
                scope[KNOWN] = Known(str(request.session.session_key), user.password, row[-1])
            return user
    return get_user(request)


@cache
def _fields() -> list[str]:
    return [field.attname for field in User._meta.concrete_fields]


@cache
def _statement() -> str:
    columns = ", ".join(f'u."{field.column}"' for field in User._meta.concrete_fields)
    return (
        f"SELECT {columns}, s.auth_hash FROM accounts_session s JOIN accounts_user u ON u.id = s.user_id "  # noqa: S608 - names of columns
        "WHERE s.session_key = %s AND s.expire_date > now() AND u.is_active"
    )
