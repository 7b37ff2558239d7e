"""A researcher sets what the ranking page asks, field by field; a refusal stands at its field."""

from __future__ import annotations

from playwright.sync_api import expect

from annotate.accounts.models import User
from annotate.campaigns.services import create_campaign
from tests.browser.conftest import Visit


def test_it_sets_what_is_asked_and_says_at_the_field_what_is_wrong(visit: Visit) -> None:
    campaign = create_campaign(creator=None, name="Notes")
    page = visit(User.objects.create(username="ada", role="admin"), f"/campaigns/{campaign.pk}?tab=settings")
    for label, wanted in (
        ("How answers are judged", "A ranking, and a thumb up or down if one likes"),
        ("Whether it is safe", "Needed of every answer"),
        ("A reason for each ranking", "Needed"),
    ):
        page.get_by_role("combobox", name=label).click()
        page.get_by_role("option", name=wanted, exact=True).click()
    page.get_by_role("switch", name="An answer can be flagged").check()
    reasons = page.get_by_label("Reasons to flag, one a line")
    reasons.fill("rude\nrude")
    page.get_by_role("switch", name="An answer can be edited").check()
    page.get_by_role("switch", name="Word-level differences").check()
    page.get_by_label("A break is proposed after").fill("20")
    add = page.get_by_role("button", name="Add a question")
    add.click()
    page.get_by_label("What is asked").fill("Is it honest?")
    expect(page.get_by_label("Name in the data")).to_have_value("is_it_honest")
    page.get_by_label("Levels").fill("7")
    add.click()
    second = page.get_by_role("listitem").filter(has=page.get_by_role("button", name="Move question 2 up"))
    save = page.get_by_role("button", name="Save")
    save.click()
    expect(reasons).to_be_focused()
    expect(page.get_by_text("Must be a list of 1 to 12 different texts")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_text("Not saved: the field that is wrong says so.")
    reasons.fill("rude\nother")
    save.click()
    wrong = second.get_by_label("What is asked")
    expect(wrong).to_be_focused()
    expect(second.get_by_text("Must be a text of 1 to 80 characters.")).to_be_visible()
    wrong.fill("Tone")
    second = page.get_by_role("listitem").filter(has=page.get_by_role("button", name="Move Tone up"))
    second.get_by_role("combobox", name="Answered with").click()
    page.get_by_role("option", name="Any of some options").click()
    second.get_by_label("Options, one a line").fill(" warm\n\ncurt ")
    second.get_by_role("button", name="Move Tone up").click()
    second.get_by_role("switch", name="An answer is needed").check()
    save.click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    campaign.refresh_from_db()
    honest = {"name": "is_it_honest", "label": "Is it honest?", "kind": "likert", "levels": 7}
    tone = {"name": "tone", "label": "Tone", "kind": "choice", "options": ["warm", "curt"], "multiple": True}
    settings = {
        "rationale": "required",
        "all_bad": True,
        "skip": True,
        "safety": "required",
        "attributes": [{**tone, "required": True}, {**honest, "required": False}],
        "thumbs": "beside",
        "flag": True,
        "flag_reasons": ["rude", "other"],
        "edit": True,
        "difference": True,
        "agreement_shown": False,
        "break_minutes": 20,
    }
    assert campaign.task | settings == campaign.task
