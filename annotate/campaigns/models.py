"""Campaign: one effort to align one model. Its settings are the defaults of its rounds."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models


class CampaignKind(models.TextChoices):
    RANKING = "ranking", "people rank replies to prompts that were imported"
    CHAT = "chat", "people write the prompts, turn after turn, and rank the replies as they come"


class Campaign(models.Model):
    """``model`` is the first policy: ``starter``, a folder, or a Hugging Face id.

    ``recipe`` holds the campaign's defaults for a new round (see ``campaigns.recipe.Recipe``); ``task``
    what the ranking page offers; ``chat`` how a chat campaign talks (see ``campaigns.chat.Chat``).
    """

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=8, choices=CampaignKind.choices, default=CampaignKind.RANKING)
    guidelines = models.TextField(blank=True, help_text="Markdown, shown beside the task.")
    model = models.CharField(max_length=500, default="starter")
    task = models.JSONField(default=dict)
    recipe = models.JSONField(default=dict)
    chat = models.JSONField(default=dict)
    archived_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(auto_now_add=True)


class Membership(models.Model):
    """That a person annotates in a campaign."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    joined_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["campaign", "user"], name="one_membership")]
