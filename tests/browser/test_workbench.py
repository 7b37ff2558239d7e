"""Judging each answer: safety, attributes, thumbs, flags and edits, by key and by hand, as it is stored."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from annotate.ranking.models import Annotation, Completion
from annotate.rounds.models import Round
from tests.annotate.collecting import collecting_round
from tests.browser.conftest import PHONE, Visit
from tests.browser.screens import (
    TWO_FRAMES,
    annotator_of,
    ask,
    press,
    rank_path,
    stored,
    texts,
    wait_saved,
)

HELPFUL = {"name": "helpful", "label": "Helpfulness", "kind": "likert", "levels": 5, "required": True}
TONE = {"name": "tone", "label": "Tone", "kind": "choice", "options": ["warm", "curt"], "multiple": True}


def open_round(visit: Visit, round: Round, **task: Any) -> Page:
    ask(round, **task)
    page = visit(annotator_of(round), rank_path(round))
    texts(page)
    return page


def submit(page: Page) -> None:
    page.keyboard.press("Enter")
    wait_saved(page)


def said_of(annotation: Annotation) -> list[dict[str, Any]]:
    """What was said of each answer, in the order A, B, C ..."""
    return [annotation.judgements[index] for index in annotation.assignment.order]


def hears(page: Page, words: str) -> None:
    """A screen reader is told this."""
    expect(page.locator("main [aria-live=polite]").first).to_contain_text(words)


def test_it_ranks_four_in_seven_presses_and_judges_each_in_one_more(visit: Visit) -> None:
    round = collecting_round(comparisons=2, k=4)
    page = open_round(visit, round, safety="on")
    presses = [*"cab", *"402", "Enter"]
    assert len(presses) < 10
    for key in presses:
        page.keyboard.press(key)
    wait_saved(page)
    expect(page.get_by_role("radiogroup", name="Safety of A")).to_be_visible()
    press(page, "cab402")
    safe = page.get_by_role("radiogroup", name="Safety of A").get_by_role("radio", name="Safe", exact=True)
    expect(safe).to_be_focused()
    hears(page, "Safety of A?")
    press(page, "112")
    hears(page, "C: Unsafe. Safety of D?")
    page.keyboard.press("Backspace")
    hears(page, "Safety of C?")
    press(page, "21")
    hears(page, "Enter submits")
    submit(page)
    first, second = stored(round)
    assert first.judgements == []
    assert first.gaps == second.gaps == [3, None, 1]
    assert [said["safe"] for said in said_of(second)] == [True, True, False, True]


def test_it_asks_the_attributes_of_the_campaign_by_key_and_by_hand(visit: Visit) -> None:
    round = collecting_round(comparisons=2, k=3)
    page = open_round(visit, round, attributes=[HELPFUL, TONE])
    # Before the ranking: on to the first question, and a scale and options answered in turn.
    press(page, "n")
    press(page, "4")
    hears(page, "A: Helpfulness 4. Tone of A?")
    press(page, "12n")
    # B by hand, all of it; its card opens and A sums up what was said of it.
    page.get_by_role("button", name="Judge C: 1 to answer").press("Enter")
    helpful = page.get_by_role("radiogroup", name="Helpfulness of C")
    expect(helpful.get_by_role("radio", name="1")).to_be_focused()
    helpful.get_by_role("radio", name="2").click()
    page.get_by_role("group", name="Tone of C").get_by_role("button", name="curt").click()
    summary = page.get_by_role("button", name="Judge A: Helpfulness 4 Tone warm and curt")
    expect(summary).to_be_visible()
    # A letter places still, and the digits are the ranking's again.
    press(page, "ba21")
    # What is needed holds the submit back, and is shown.
    press(page, "cc")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    hears(page, "Not yet.")
    expect(page.get_by_role("radiogroup", name="Helpfulness of B").get_by_role("radio").first).to_be_focused()
    press(page, "5")
    submit(page)
    [annotation] = stored(round)
    assert annotation.gaps == [1, 0]
    assert [said["attributes"] for said in said_of(annotation)] == [
        {"helpful": 4, "tone": ["warm", "curt"]},
        {"helpful": 5},
        {"helpful": 2, "tone": ["curt"]},
    ]
    # Undo brings back what was said of each.
    press(page, "z")
    expect(summary).to_be_visible()


def test_it_flags_and_edits_and_shows_what_changed(visit: Visit) -> None:
    round = collecting_round(comparisons=1, k=2)
    Completion.objects.filter(index=0).update(text="Dear Nora, thanks.")
    Completion.objects.filter(index=1).update(text="Dear Nora, thanks.")
    page = open_round(visit, round, flag=True, edit=True, flag_reasons=["harmful", "broken text"])
    press(page, "2")
    page.get_by_role("group", name="Your judgement of B").get_by_role("button", name="Flag").click()
    press(page, "2")
    page.get_by_label("A note on “broken text” (optional)").fill("Ends early; 1 and s are no keys here.")
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("button", name="Flagged: broken text")).to_be_visible()
    # The edit belongs to the card at hand; Escape leaves it, and the text to be ranked stays as it was.
    press(page, "m")
    editor = page.get_by_label("A better text of B")
    expect(editor).to_be_focused()
    page.keyboard.press("Control+End")
    page.keyboard.type(" See you soon.")
    expect(page.locator("article ins")).to_have_text(" See you soon.")
    page.keyboard.press("Escape")
    expect(editor).to_have_count(0)
    expect(page.get_by_role("region", name="Your better text of B").locator("ins")).to_be_visible()
    page.reload()
    expect(page.get_by_role("region", name="Your better text of B")).to_be_visible()
    submit(page)
    [annotation] = stored(round)
    first, second = said_of(annotation)
    assert (first["flags"], first["edit"]) == ([], None)
    note = "Ends early; 1 and s are no keys here."
    assert second["flags"] == [{"reason": "broken text", "note": note}]
    assert second["edit"] == "Dear Nora, thanks. See you soon."


def test_it_asks_for_thumbs_and_no_ranking_in_a_one_sided_campaign(visit: Visit) -> None:
    round = collecting_round(comparisons=2, k=4)
    page = open_round(visit, round, thumbs="instead")
    expect(page.get_by_role("group", name="Your ranking, best first")).to_have_count(0)
    expect(page.get_by_role("button", name="Place")).to_have_count(0)
    press(page, "121")
    press(page, "b1")
    hears(page, "B: Thumb up. Thumb of D?")
    press(page, "2")
    submit(page)
    [annotation] = stored(round)
    assert [said["thumb"] for said in said_of(annotation)] == ["up", "up", "up", "down"]
    assert annotation.gaps == [None, None, 1]
    press(page, "z")
    expect(page.get_by_role("radio", name="Down", checked=True)).to_have_count(1)
    assert stored(round) == []
    submit(page)
    assert len(stored(round)) == 1


def test_it_takes_thumbs_by_touch_on_a_phone(visit: Visit) -> None:
    round = collecting_round(comparisons=1, k=2, members=2)
    ask(round, thumbs="instead", skip=False)
    page = visit(annotator_of(round), rank_path(round), size=PHONE)
    shown = page.get_by_text("0 by you, 0 of 1 in the round")
    expect(shown).to_be_visible()
    assert shown.evaluate("(line) => line.scrollWidth <= line.clientWidth")
    for letter, thumb in (("A", "Up"), ("B", "Down")):
        page.get_by_role("radiogroup", name=f"Thumb of {letter}").get_by_role("radio", name=thumb).tap()
    page.get_by_role("button", name="Submit").tap()
    wait_saved(page)
    [annotation] = stored(round)
    assert [said["thumb"] for said in said_of(annotation)] == ["up", "down"]


def test_what_is_off_is_not_there(visit: Visit) -> None:
    round = collecting_round(comparisons=1, k=2)
    page = open_round(visit, round, rationale="off", all_bad=False, skip=False)
    press(page, "2lmnpxrsw")
    for name in ("All bad", "Reason", "Skip", "Flag", "Edit", "Differences"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    expect(page.get_by_role("group", name="Your judgement of A")).to_have_count(0)
    expect(page.get_by_role("textbox")).to_have_count(0)
    press(page, "?")
    sheet = page.get_by_role("dialog", name="Keys")
    expect(sheet.get_by_role("row", name="Undo the last submit")).to_be_visible()
    for label in ("Flag the answer", "Skip this", "All of them are bad", "Write the reason", "Escape"):
        expect(sheet.get_by_text(label)).to_have_count(0)
    page.keyboard.press("Escape")
    submit(page)
    [annotation] = stored(round)
    assert (annotation.judgements, annotation.all_bad, annotation.rationale) == ([], False, "")


def test_the_guidelines_open_beside_the_task(visit: Visit) -> None:
    round = collecting_round(comparisons=1, k=2)
    round.campaign.guidelines = "Prefer **polite**."
    round.campaign.save()
    page = open_round(visit, round, safety="on")
    press(page, "6g")
    panel = page.get_by_role("complementary", name="Guidelines").bounding_box()
    task = page.get_by_role("main").bounding_box()
    assert panel is not None
    assert task is not None
    assert task["x"] + task["width"] <= panel["x"]
    # The keys go on working beside it.
    press(page, "12")
    expect(page.get_by_role("radio", checked=True)).to_have_count(3)


# The focus is on something of the task that the bar at the foot covers, or that is out of the window.
COVERED = """() => {
  const bar = document.querySelector('section[aria-label^="Your"]')
  const focused = document.activeElement
  const { top, bottom, height } = focused.getBoundingClientRect()
  const isOfTheTask = focused.closest('main') && !bar.contains(focused) && height > 1
  const isClear = top >= 0 && bottom <= bar.getBoundingClientRect().top
  return isOfTheTask && !isClear ? `${top} ${bottom} ${focused.outerHTML}` : null
}"""


@pytest.mark.parametrize("key", ["Tab", "Shift+Tab"])
@pytest.mark.parametrize("size", [PHONE, (640, 400)])
def test_the_bar_at_the_foot_never_covers_what_has_the_focus(
    visit: Visit, size: tuple[int, int], key: str
) -> None:
    round = collecting_round(comparisons=1, k=4)
    ask(round, thumbs="instead", flag=True, rationale="required")
    page = visit(annotator_of(round), rank_path(round), size=size)
    texts(page)
    # The field of the reason, which the bar grows by.
    press(page, "1111")
    expect(page.get_by_label("Your reason (needed)")).to_be_visible()
    seen = set()
    for _ in range(24):
        page.keyboard.press(key)
        page.evaluate(TWO_FRAMES)
        assert page.evaluate(COVERED) is None
        seen.add(page.evaluate("document.activeElement.closest('article')?.getAttribute('aria-labelledby')"))
    assert len(seen - {None}) == 4


def test_at_twice_the_size_the_question_at_hand_is_not_hidden(visit: Visit) -> None:
    round = collecting_round(comparisons=1, k=4)
    ask(round, safety="required", attributes=[HELPFUL, TONE])
    page = visit(annotator_of(round), rank_path(round), size=(640, 400))
    texts(page)
    press(page, "cab342")
    for digit in "15n1":
        press(page, digit)
        page.evaluate(TWO_FRAMES)
        assert page.evaluate(COVERED) is None
