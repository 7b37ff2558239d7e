"""What can be done to a campaign and its members."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from annotate.accounts.models import User
from annotate.campaigns.chat import Chat, require_known_servers
from annotate.campaigns.models import Campaign, CampaignKind, Membership
from annotate.campaigns.recipe import Recipe
from annotate.campaigns.task import Task
from annotate.errors import Conflict, Invalid


def create_campaign(
    *,
    creator: User | None,
    name: str,
    guidelines: str = "",
    model: str = "starter",
    kind: str = CampaignKind.RANKING,
    task: dict[str, Any] | None = None,
    recipe: dict[str, Any] | None = None,
    chat: dict[str, Any] | None = None,
) -> Campaign:
    """A new campaign with whole settings, so that later changes of defaults do not reach it.

    In a chat two replies a turn are the default, and each turn is ranked by who wrote it alone.

    Raises :class:`Invalid` for a wrong setting and :class:`Conflict` for a taken name.
    """
    usual = Recipe(k=2) if kind == CampaignKind.CHAT else Recipe()
    campaign = Campaign(
        name=name,
        guidelines=guidelines,
        model=model,
        kind=kind,
        task=Task.parse({} if task is None else task).as_dict(),
        recipe=Recipe.parse({} if recipe is None else recipe, base=usual).as_dict(),
        chat=_chat({} if chat is None else chat).as_dict(),
        created_by=creator,
    )
    return _save(campaign)


def update_campaign(
    *,
    campaign: Campaign,
    name: str | None = None,
    guidelines: str | None = None,
    task: dict[str, Any] | None = None,
    recipe: dict[str, Any] | None = None,
    chat: dict[str, Any] | None = None,
    archived: bool | None = None,
) -> Campaign:
    """Change what is given and leave the rest; settings that are not named keep their values."""
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update().get(pk=campaign.pk)
        if name is not None:
            campaign.name = name
        if guidelines is not None:
            campaign.guidelines = guidelines
        if task is not None:
            campaign.task = Task.parse(task, base=Task.parse(campaign.task)).as_dict()
        if recipe is not None:
            campaign.recipe = Recipe.parse(recipe, base=Recipe.parse(campaign.recipe)).as_dict()
        if chat is not None:
            campaign.chat = _chat(chat, Chat.parse(campaign.chat)).as_dict()
        if archived is not None:
            campaign.archived_at = (campaign.archived_at or timezone.now()) if archived else None
        return _save(campaign)


def find_campaign(name_or_id: str) -> Campaign:
    """The campaign a command line means; raises :class:`Invalid` when there is none."""
    campaign = Campaign.objects.filter(name=name_or_id).first()
    if campaign is None and name_or_id.isdecimal():
        campaign = Campaign.objects.filter(pk=int(name_or_id)).first()
    if campaign is None:
        raise Invalid(f"There is no campaign {name_or_id}.")
    return campaign


def add_member(*, campaign: Campaign, username: str) -> Membership:
    """Let this person annotate here; adding a member again changes nothing.

    Raises :class:`Invalid` when there is no active user of that name.
    """
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise Invalid(f"There is no active user named {username}.")
    return Membership.objects.get_or_create(campaign=campaign, user=user)[0]


def remove_member(*, campaign: Campaign, user_id: int) -> None:
    """Stop this person annotating here; what they submitted stays."""
    Membership.objects.filter(campaign=campaign, user_id=user_id).delete()


def _chat(raw: dict[str, Any], base: Chat | None = None) -> Chat:
    chat = Chat.parse(raw, base=base)
    require_known_servers(chat)
    return chat


def _save(campaign: Campaign) -> Campaign:
    try:
        with transaction.atomic():
            campaign.save()
    except IntegrityError as problem:
        raise Conflict(f"There is already a campaign named {campaign.name}.") from problem
    return campaign
