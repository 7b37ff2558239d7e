"""Which campaigns a person may see: all of them who runs rounds, their own who annotates."""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework.exceptions import NotFound, PermissionDenied

from annotate.accounts.models import User
from annotate.campaigns.models import Campaign, Membership


def visible_campaigns(user: User) -> QuerySet[Campaign]:
    """The campaigns that this person may know of."""
    if user.runs_rounds:
        return Campaign.objects.all()
    return Campaign.objects.filter(memberships__user=user)


def campaign_or_404(campaign_id: int, user: User) -> Campaign:
    """The campaign, if this person may know of it: to an outsider it does not exist."""
    campaign = visible_campaigns(user).filter(pk=campaign_id).first()
    if campaign is None:
        raise NotFound("There is no such campaign.")
    return campaign


def require_member(campaign: Campaign, user: User) -> None:
    """Raises 403 unless this person annotates here; running rounds alone does not make a member."""
    if not Membership.objects.filter(campaign=campaign, user=user).exists():
        raise PermissionDenied(f"You are not a member of {campaign.name}.")
