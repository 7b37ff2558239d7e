"""People, what they may do, and the tokens with which their programs act for them."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Now


class Role(models.TextChoices):
    ADMIN = "admin", "Admin: everything, people included"
    RESEARCHER = "researcher", "Researcher: campaigns, rounds, exports"
    ANNOTATOR = "annotator", "Annotator: ranks in the campaigns they are a member of"


class User(AbstractUser):
    """A person (or a program that annotates). The role is the whole of their standing permissions."""

    role = models.CharField(max_length=16, choices=Role.choices, default=Role.ANNOTATOR)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="user_role_known")
        ]

    @property
    def runs_rounds(self) -> bool:
        """Whether this person may manage campaigns and rounds, and see provenance."""
        return self.role in (Role.ADMIN, Role.RESEARCHER)


class ApiToken(models.Model):
    """A bearer token; only its SHA-256 is kept, so a leaked table opens nothing."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)


class Session(AbstractBaseSession):
    """A browser's login, with its person and the hash of their password when they logged in."""

    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="sessions")
    auth_hash = models.CharField(max_length=128, blank=True)


class FailedLogin(models.Model):
    """A login that failed, for as long as it counts against the client's address."""

    address = models.CharField(max_length=64)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes: ClassVar = [models.Index(fields=["address", "at"]), models.Index(fields=["at"])]
