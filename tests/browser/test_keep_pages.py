"""One's own pages and the reviewer's at desktop and phone width: nothing for axe to find, nothing cut off."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from annotate.accounts.models import User
from annotate.campaigns.services import update_campaign
from annotate.quality.gold import mark_gold
from annotate.quality.notes import write_note
from annotate.ranking.models import Annotation, Comparison
from annotate.rounds.models import Round, RoundState
from tests.annotate.ranking.test_amend import amend
from tests.annotate.ranking.test_history import submit_next
from tests.annotate.ranking.test_leases import lease, skip
from tests.browser.conftest import DESKTOP, PHONE, Visit
from tests.browser.screens import annotator_of
from tests.browser.test_every_page import check, written_round

LOOKS = [(DESKTOP, "light"), (PHONE, "dark")]
ORDER = {"ranking": [2, 0, 1, 3], "gaps": [1, 3, 2]}


@pytest.fixture
def worked() -> tuple[Round, User, str]:
    """A round in which one person has ranked, changed, skipped, been written to and measured."""
    round = written_round(4)
    user = annotator_of(round)
    rosa = User.objects.create(username="rosa", role="researcher")
    first = submit_next(round, user, **ORDER, active_seconds=48.0, rationale="It thanks her for the van.")
    for seconds in (31.0, 75.5):
        submit_next(round, user, **ORDER, active_seconds=seconds)
    skip(user, lease(round, user)["assignments"][0]["uid"])
    for days, annotation in enumerate(Annotation.objects.order_by("-pk")):
        Annotation.objects.filter(pk=annotation.pk).update(
            submitted_at=timezone.now() - timedelta(days=days * 3)
        )
    uid = amend(user, first, ranking=[2, 0, 1, 3], gaps=[2, 3, 1], rationale="The table is odd.")[1]["uid"]
    comparison = Comparison.objects.get(assignments__annotations__uid=uid)
    mark_gold(
        user=rosa,
        comparison_uid=comparison.uid,
        ranking=Annotation.objects.get(uid=uid).ranking[::-1],
        gaps=[1, 1, 1],
        explanation="The short one is enough here.",
    )
    write_note(
        user=rosa,
        annotation_uid=uid,
        text="Would you still prefer C if it had no table?\n\nSee the guidelines.",
    )
    return round, user, uid


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_ones_own_pages(
    visit: Visit, worked: tuple[Round, User, str], size: tuple[int, int], scheme: str
) -> None:
    round, user, uid = worked
    page = visit(user, f"/campaigns/{round.campaign_id}/history", size=size, scheme=scheme)
    expect(page.get_by_role("listitem")).to_have_count(3)
    check(page, "history", size, scheme)
    page.goto(f"/campaigns/{round.campaign_id}/rank?amend={uid}")
    expect(page.get_by_text("You are changing a ranking of yours")).to_be_visible()
    check(page, "ranking-amend", size, scheme)
    update_campaign(campaign=round.campaign, task={"show_gold": True, "agreement_shown": True})
    Round.objects.update(state=RoundState.TRAINING_REWARD)
    page.goto(f"/campaigns/{round.campaign_id}/history/{uid}")
    expect(page.get_by_text("They rank it:")).to_be_visible()
    check(page, "history-entry", size, scheme)
    page.goto(f"/campaigns/{round.campaign_id}/me")
    page.get_by_text("Where the reviewers saw it otherwise").click()
    check(page, "own-page", size, scheme)


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_the_reviewers_pages(
    visit: Visit, worked: tuple[Round, User, str], size: tuple[int, int], scheme: str
) -> None:
    round, user, uid = worked
    write_note(user=user, annotation_uid=UUID(uid), text="No: then A.")
    rosa = User.objects.get(username="rosa")
    page = visit(rosa, f"/rounds/{round.pk}/review", size=size, scheme=scheme)
    page.get_by_text("1 new answer").click()
    page.get_by_role("button", name="Change the gold ranking").click()
    check(page, "review", size, scheme)
    page.goto(f"/campaigns/{round.campaign_id}?tab=quality")
    expect(page.get_by_role("row").filter(has_text=user.username)).to_be_visible()
    check(page, "campaign-quality", size, scheme)
