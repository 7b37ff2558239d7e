"""The demo campaign: something to rank within seconds of the first start."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.db import transaction

from annotate.accounts.models import Role, User
from annotate.campaigns.models import Campaign
from annotate.campaigns.services import add_member, create_campaign
from annotate.prompts.services import import_prompts
from annotate.rounds.services import launch_round

NAME = "Everyday requests"
RECIPE = {"k": 4, "comparisons": 40, "temperatures": [0.7, 0.9, 1.1, 1.3]}
GUIDELINES = """\
People ask for small everyday texts: a thank-you note, a description of a place, a short story.
Put the replies in order, best first.

- **It does what was asked.** The named person, thing or place is in it, and it stays on the subject.
- **It is friendly.** Curt or rude replies go to the bottom.
- **It is whole.** It neither repeats itself nor breaks off in the middle of a sentence.

On each gap say how much better the upper reply is. If two are equally good, mark the gap as equal.
If none of them could be sent to anyone, order them all the same and tick *all bad*.
"""


def ensure_demo(*, usernames: Sequence[str]) -> None:
    """Make the campaign with its prompts, members and a first round, unless it is there already."""
    if Campaign.objects.filter(name=NAME).exists():
        return
    with transaction.atomic():
        admin = User.objects.filter(role=Role.ADMIN, is_active=True).order_by("pk").first()
        campaign = create_campaign(creator=admin, name=NAME, guidelines=GUIDELINES, recipe=RECIPE)
        with settings.STARTER_PROMPTS.open("rb") as stream:
            import_prompts(campaign=campaign, stream=stream)
        for username in usernames:
            add_member(campaign=campaign, username=username)
        launch_round(campaign=campaign, overrides={}, actor=admin)
