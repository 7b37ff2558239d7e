"""What can be done to people and their tokens."""

from __future__ import annotations

import secrets

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from annotate.accounts.authentication import token_digest
from annotate.accounts.models import ApiToken, Role, User
from annotate.errors import Conflict, Invalid


def create_user(*, username: str, role: str, password: str = "") -> tuple[User, str]:
    """A new person and their password, generated when none is given (it cannot be read again).

    Raises :class:`Invalid` for a bad name, role or password and :class:`Conflict` for a taken name.
    """
    user = User(username=User.normalize_username(username), role=role)
    password = password or secrets.token_urlsafe(12)
    _check_password(password, user)
    user.set_password(password)
    try:
        user.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as problem:
        field, reasons = next(iter(problem.message_dict.items()))
        raise Invalid(f"{field}: {reasons[0]}") from problem
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as problem:
        raise Conflict(f"There is already a user named {user.username}.") from problem
    return user, password


def update_user(
    *, user: User, role: str | None = None, is_active: bool | None = None, password: str | None = None
) -> User:
    """Change what a person may do. The last active admin stays one (:class:`Conflict`)."""
    with transaction.atomic():
        # Every admin row is locked, so that two admins cannot demote each other at once.
        admins = list(
            User.objects.select_for_update()
            .filter(role=Role.ADMIN, is_active=True)
            .values_list("pk", flat=True)
        )
        user = User.objects.select_for_update().get(pk=user.pk)
        user.role = user.role if role is None else role
        user.is_active = user.is_active if is_active is None else is_active
        if admins == [user.pk] and not (user.is_active and user.role == Role.ADMIN):
            raise Conflict("This is the last active admin; make another one first.")
        if password is not None:
            _check_password(password, user)
            user.set_password(password)
        user.save()
    return user


def create_token(*, user: User, name: str) -> tuple[ApiToken, str]:
    """A new bearer token of this person and its value, which cannot be read again."""
    value = f"plb_{secrets.token_urlsafe(32)}"
    return ApiToken.objects.create(user=user, name=name, digest=token_digest(value)), value


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as problem:
        raise Invalid(" ".join(problem.messages)) from problem
