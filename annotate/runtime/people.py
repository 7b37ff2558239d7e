"""The first people, with generated passwords that only the owner of the data folder can read."""

from __future__ import annotations

import json
import os
from pathlib import Path

from django.conf import settings

from annotate.accounts.models import Role, User
from annotate.accounts.services import create_user

LOGINS_FILE = "logins.json"
LOST = "(its password was set elsewhere)"


def ensure_people(*, annotator: bool) -> list[dict[str, str]]:
    """An admin, and an ``annotator`` too if asked; returns ``{role, username, password}`` of each.

    The passwords stand in the data folder, so that they can be said again at the next start.
    """
    path: Path = settings.DATA_DIR / LOGINS_FILE
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    for role in (Role.ADMIN, Role.ANNOTATOR) if annotator else (Role.ADMIN,):
        # Someone who made admins of their own needs none from us.
        if not User.objects.filter(username=role.value).exists() and not (
            role == Role.ADMIN and User.objects.filter(role=Role.ADMIN, is_active=True).exists()
        ):
            _, kept[role.value] = create_user(username=role.value, role=role.value)
            _write(path, kept)
    people = User.objects.filter(username__in=kept, is_active=True).order_by("pk")
    return [{"role": user.role, "username": user.username, "password": _known(user, kept)} for user in people]


def _known(user: User, kept: dict[str, str]) -> str:
    return kept[user.username] if user.check_password(kept[user.username]) else LOST


def _write(path: Path, logins: dict[str, str]) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        json.dump(logins, handle)
    temporary.replace(path)
