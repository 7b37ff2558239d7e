"""Campaigns as their lists show them, with what the rooms below know: champion, round, prompts, people.

These endpoints stand here because this is the lowest room that may ask all the others.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Sum

from annotate.accounts.models import User
from annotate.campaigns.chat import Chat
from annotate.campaigns.models import Campaign, Membership
from annotate.campaigns.task import Task
from annotate.prompts.services import count_prompts
from annotate.ranking.models import Participation
from annotate.ranking.progress import open_round, progress_of
from annotate.rounds.services import champion_of


def overview(campaign: Campaign, user: User) -> dict[str, Any]:
    """All of a campaign for people who run rounds; for annotators what they need, and it is blind."""
    round = open_round(campaign)
    shown: dict[str, Any] = {
        "id": campaign.pk,
        "name": campaign.name,
        "kind": campaign.kind,
        "guidelines": campaign.guidelines,
        "task": Task.parse(campaign.task).as_dict(),  # settings that came later have their defaults
        "open_round": round,
        "mine": {"waiting": _is_member(campaign, user) and progress_of(round=round, user=user).waiting},
    }
    if user.runs_rounds:
        shown |= {
            "model": campaign.model,
            "recipe": campaign.recipe,
            "chat": Chat.parse(campaign.chat).as_dict(),
            "created_at": campaign.created_at,
            "archived_at": campaign.archived_at,
            "champion": champion_of(campaign),
            "prompts": count_prompts(campaign=campaign),
            "members": campaign.memberships.count(),
        }
    return shown


def members_of(campaign: Campaign) -> list[dict[str, Any]]:
    """The members by name, each with how many annotations of theirs stand."""
    totals = Participation.objects.filter(round__campaign=campaign).values_list("annotator")
    submitted = dict(totals.annotate(total=Sum("submitted")))
    members = Membership.objects.filter(campaign=campaign).select_related("user").order_by("user__username")
    return [
        {
            "user_id": member.user_id,
            "username": member.user.username,
            "role": member.user.role,
            "joined_at": member.joined_at,
            "submitted": submitted.get(member.user_id, 0),
        }
        for member in members
    ]


def _is_member(campaign: Campaign, user: User) -> bool:
    return Membership.objects.filter(campaign=campaign, user=user).exists()
