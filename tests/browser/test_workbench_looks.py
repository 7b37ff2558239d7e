"""The ranking page with all that a campaign can ask: nothing for axe to find, nothing cut off.

Leaves screenshots in ``build/screenshots`` to be looked at.
"""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from annotate.campaigns.models import Campaign
from annotate.ranking.models import Completion
from annotate.rounds.models import Round
from tests.browser.conftest import DESKTOP, PHONE, Visit
from tests.browser.screens import annotator_of, as_written, ask, press, rank_path, texts
from tests.browser.test_every_page import admin, check, written_round
from tests.browser.test_workbench import HELPFUL, TONE

EVERYTHING = {
    "safety": "required",
    "attributes": [HELPFUL, TONE, {"name": "honest", "label": "Honesty", "kind": "likert", "levels": 5}],
    "thumbs": "beside",
    "flag": True,
    "edit": True,
    "difference": True,
    "rationale": "required",
}
TURNS = [
    {"role": "user", "content": "Write a short note thanking Nora for the help with the move."},
    {"role": "assistant", "content": "Dear Nora, thanks for everything."},
    {"role": "user", "content": "Warmer, please. Name the van, and end with our names."},
]


def full_round(k: int) -> Round:
    """A round whose campaign asks everything there is, of conversations of several turns."""
    round = written_round(k)
    Completion.objects.filter(index=1).update(text="شكرا جزيلا يا نورا على المساعدة.\n\nTom & Ada")
    for prompt in round.campaign.prompts.all():
        prompt.messages = json.loads(json.dumps(TURNS))
        prompt.save()
    Campaign.objects.update(guidelines="# Prefer\n\n- **polite** over curt\n- what was asked for")
    ask(round, **EVERYTHING)
    return as_written(round)


@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_two_answers_with_everything_asked(visit: Visit, size: tuple[int, int], scheme: str) -> None:
    round = full_round(2)
    page = visit(annotator_of(round), rank_path(round), size=size, scheme=scheme)
    texts(page)
    check(page, "workbench-2-begun", size, scheme)
    press(page, "6" + "114" + "2n3" + "22")
    expect(page.get_by_role("radio", checked=True)).to_have_count(7)
    check(page, "workbench-2", size, scheme)
    press(page, "l1")
    expect(page.get_by_label("A note on")).to_be_visible()
    press(page, "g")
    check(page, "workbench-2-flag", size, scheme)


@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "dark"), (PHONE, "light")])
def test_four_answers_with_everything_asked(visit: Visit, size: tuple[int, int], scheme: str) -> None:
    round = full_round(4)
    page = visit(annotator_of(round), rank_path(round), size=size, scheme=scheme)
    texts(page)
    press(page, "cab342" + "114" + "1n3" + "22")
    expect(page.get_by_role("button", name="Judge A: Thumb up Safe Helpfulness 4")).to_be_visible()
    check(page, "workbench-4", size, scheme)
    press(page, "m")
    expect(page.get_by_label("A better text of")).to_be_focused()
    page.keyboard.press("Control+End")
    page.keyboard.type(" With love.")
    expect(page.locator("ins")).to_be_visible()
    check(page, "workbench-4-edit", size, scheme)


@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_one_sided_campaign(visit: Visit, size: tuple[int, int], scheme: str) -> None:
    round = full_round(4)
    ask(round, thumbs="instead", safety="off", attributes=[], edit=False, rationale="off")
    page = visit(annotator_of(round), rank_path(round), size=size, scheme=scheme)
    texts(page)
    press(page, "12")
    check(page, "workbench-thumbs", size, scheme)


@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_settings_of_everything(visit: Visit, size: tuple[int, int], scheme: str) -> None:
    round = full_round(2)
    page = visit(admin(), f"/campaigns/{round.campaign_id}?tab=settings", size=size, scheme=scheme)
    page.get_by_role("button", name="Add a question").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Not saved: the field that is wrong says so.")).to_be_visible()
    check(page, "workbench-settings", size, scheme)


def test_everything_at_twice_the_size(visit: Visit) -> None:
    round = full_round(2)
    page = visit(annotator_of(round), rank_path(round), size=(640, 400))
    texts(page)
    press(page, "61")
    check(page, "workbench-zoomed", (640, 400), "light")
