"""Ranking with the keyboard and with the mouse, checked by what the database stored."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from annotate.ranking.models import Assignment, Completion
from annotate.rounds.models import Round
from tests.annotate.collecting import collecting_round
from tests.browser.conftest import PHONE, Visit
from tests.browser.screens import (
    TWO_FRAMES,
    annotator_of,
    ask,
    in_order,
    press,
    rank_path,
    ranked_texts,
    stored,
    texts,
    wait_saved,
)


def open_round(visit: Visit, round: Round, size: tuple[int, int] = (1280, 800)) -> Page:
    return visit(annotator_of(round), rank_path(round), size=size)


@pytest.mark.parametrize(
    ("key", "order", "gap"), [("1", "AB", 3), ("3", "AB", 1), ("4", "AB", None), ("6", "BA", 2)]
)
def test_it_ranks_a_pair_in_two_presses(visit: Visit, key: str, order: str, gap: int | None) -> None:
    round = collecting_round(comparisons=1, k=2)
    page = open_round(visit, round)
    shown = texts(page)
    press(page, key)
    page.keyboard.press("Enter")
    wait_saved(page)
    [annotation] = stored(round)
    assert ranked_texts(annotation) == in_order(shown, order)
    assert annotation.gaps == [gap]


def test_it_ranks_a_pair_with_the_mouse(visit: Visit) -> None:
    round = collecting_round(comparisons=1, k=2)
    page = open_round(visit, round)
    shown = texts(page)
    page.get_by_role("radio", name="B significantly better").click()
    page.get_by_role("button", name="Submit").click()
    wait_saved(page)
    [annotation] = stored(round)
    assert ranked_texts(annotation) == in_order(shown, "BA")
    assert annotation.gaps == [3]


def test_it_takes_a_lean_within_equal(visit: Visit) -> None:
    round = collecting_round(comparisons=1, k=2)
    page = open_round(visit, round)
    shown = texts(page)
    press(page, "4b")
    page.keyboard.press("Enter")
    wait_saved(page)
    [annotation] = stored(round)
    assert (ranked_texts(annotation), annotation.gaps) == (in_order(shown, "BA"), [0])


def test_it_ranks_four_with_the_keyboard_in_eight_presses(visit: Visit) -> None:
    round = collecting_round(comparisons=1, k=4)
    page = open_round(visit, round)
    shown = texts(page)
    press(page, "cabd")
    expect(page.get_by_text("How much better is C than A?").first).to_be_visible()
    press(page, "401")
    page.keyboard.press("Enter")
    wait_saved(page)
    [annotation] = stored(round)
    assert ranked_texts(annotation) == in_order(shown, "CABD")
    assert annotation.gaps == [3, None, 0]


def test_it_ranks_four_by_dragging(visit: Visit) -> None:
    round = collecting_round(comparisons=1, k=4)
    page = open_round(visit, round)
    shown = texts(page)
    for letter, place in (("B", "1st"), ("D", "2nd"), ("A", "1st")):
        drag(page, f"article:has(h2:text-is('{letter}')) header", letter, place)
    # The last one fell into its place; dragging it to the front moves the others on.
    drag(page, "button[aria-label^='C, 4th']", "C", "1st")
    for better, worse, wanted in (
        ("C", "A", "significantly better"),
        ("A", "B", "equal"),
        ("B", "D", "slightly better"),
    ):
        page.get_by_role("group", name="How much better").get_by_role(
            "button", name=wanted, exact=True
        ).click()
        said = f"How much better is {better} than {worse}? {wanted}"
        expect(page.get_by_role("button", name=said)).to_be_visible()
    page.get_by_role("button", name="Submit").click()
    wait_saved(page)
    [annotation] = stored(round)
    assert ranked_texts(annotation) == in_order(shown, "CABD")
    assert annotation.gaps == [3, None, 1]


def drag(page: Page, what: str, letter: str, place: str) -> None:
    """Drag the middle of ``what`` onto a place of the ranking, as a hand does: in several moves."""
    ranking = page.get_by_role("group", name="Your ranking, best first")
    source = page.locator(what).bounding_box()
    slot = ranking.locator("[class*=slot]").filter(has_text=place)
    target = slot.locator("> :last-child").bounding_box()
    assert source is not None
    assert target is not None
    page.mouse.move(source["x"] + source["width"] / 3, source["y"] + source["height"] / 2)
    page.mouse.down()
    page.mouse.move(target["x"] + 40, target["y"] - 40, steps=4)
    expect(page.locator("[data-dragging]")).to_have_count(1)
    page.mouse.move(target["x"] + target["width"] / 2, target["y"] + target["height"] / 2, steps=4)
    page.evaluate(TWO_FRAMES)
    page.mouse.up()
    expect(ranking.get_by_role("button", name=f"{letter}, {place}")).to_be_visible()


def test_it_moves_a_placed_answer_with_the_arrow_keys(visit: Visit) -> None:
    round = collecting_round(comparisons=1, k=3)
    page = open_round(visit, round)
    shown = texts(page)
    press(page, "ab")
    page.get_by_role("button", name="C, 3rd").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    press(page, "22")
    page.keyboard.press("Enter")
    wait_saved(page)
    [annotation] = stored(round)
    assert ranked_texts(annotation) == in_order(shown, "CAB")


def test_it_ranks_nine_answers_where_g_is_a_letter(visit: Visit) -> None:
    round = collecting_round(comparisons=1, k=9)
    page = open_round(visit, round)
    shown = texts(page)
    press(page, "gabcdefh" + "1" * 8)
    page.keyboard.press("Enter")
    wait_saved(page)
    [annotation] = stored(round)
    assert ranked_texts(annotation) == in_order(shown, "GABCDEFHI")


def test_it_ranks_on_a_phone_by_touch(visit: Visit) -> None:
    round = collecting_round(comparisons=1, k=3)
    page = open_round(visit, round, size=PHONE)
    shown = texts(page)
    left = page.get_by_role("group", name="Answers not placed yet")
    left.get_by_role("button", name="B").tap()
    left.get_by_role("button", name="C").tap()
    for wanted in ("better", "equal"):
        page.get_by_role("group", name="How much better").get_by_role("button", name=wanted, exact=True).tap()
    page.get_by_role("button", name="Submit").tap()
    wait_saved(page)
    [annotation] = stored(round)
    assert (ranked_texts(annotation), annotation.gaps) == (in_order(shown, "BCA"), [2, None])


def test_it_submits_nothing_before_all_is_decided(visit: Visit) -> None:
    round = collecting_round(comparisons=1, k=4)
    page = open_round(visit, round)
    shown = texts(page)
    press(page, "ca")
    page.keyboard.press("Enter")
    expect(page.locator("[aria-live=polite]", has_text="Not yet.")).to_have_count(1)
    assert texts(page) == shown
    assert stored(round) == []


def test_it_stores_all_bad_and_the_reason(visit: Visit) -> None:
    round = collecting_round(comparisons=1, k=2)
    page = open_round(visit, round)
    texts(page)
    press(page, "2xr")
    expect(page.get_by_label("Your reason")).to_be_focused()
    page.keyboard.type("Both are rude; see g, s and z.")
    page.keyboard.press("Control+Enter")
    wait_saved(page)
    [annotation] = stored(round)
    assert annotation.all_bad
    assert annotation.rationale == "Both are rude; see g, s and z."
    assert annotation.active_seconds > 0


def test_it_skips_with_a_reason_and_shows_the_next(visit: Visit) -> None:
    round = collecting_round(comparisons=2, k=2)
    page = open_round(visit, round)
    first = texts(page)
    press(page, "s")
    expect(page.get_by_label("Why skip it?")).to_be_focused()
    page.keyboard.type("unclear")
    page.keyboard.press("Enter")
    expect(page.get_by_text(first[0], exact=True)).to_have_count(0)
    wait_saved(page)
    assert Assignment.objects.get(state="skipped").skip_reason == "unclear"


def test_it_undoes_the_last_one_and_takes_it_again(visit: Visit) -> None:
    round = collecting_round(comparisons=2, k=2)
    page = open_round(visit, round)
    first = texts(page)
    press(page, "2")
    page.keyboard.press("Enter")
    wait_saved(page)
    press(page, "z")
    expect(page.get_by_text(first[0], exact=True)).to_be_visible()
    expect(page.get_by_role("radio", name="A better")).to_be_checked()
    assert stored(round) == []
    press(page, "7")
    page.keyboard.press("Enter")
    wait_saved(page)
    [annotation] = stored(round)
    assert annotation.gaps == [3]


def test_it_says_what_happens_when_all_is_ranked(visit: Visit) -> None:
    round = collecting_round(comparisons=1, k=2)
    page = open_round(visit, round)
    texts(page)
    press(page, "1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="This round has what it needs")).to_be_visible()


def test_it_leads_from_the_first_page_to_the_ranking(visit: Visit) -> None:
    round = collecting_round(comparisons=1, k=2)
    page = visit(annotator_of(round), "/")
    page.get_by_role("link", name="Start ranking").click()
    assert len(texts(page)) == 2


def test_it_takes_a_key_of_ones_own_and_remembers_it(visit: Visit) -> None:
    round = collecting_round(comparisons=2, k=2)
    page = open_round(visit, round)
    texts(page)
    press(page, "?")
    change = page.get_by_role("button", name="Change the key: Undo the last submit")
    change.click()
    press(page, "s")
    expect(page.get_by_role("alert")).to_contain_text("S is taken")
    change.click()
    press(page, "u")
    page.keyboard.press("Escape")
    page.reload()
    first = texts(page)
    press(page, "1")
    page.keyboard.press("Enter")
    wait_saved(page)
    press(page, "u")
    expect(page.get_by_text(first[0], exact=True)).to_be_visible()
    assert stored(round) == []


def test_it_leaves_single_keys_alone_when_they_are_switched_off(visit: Visit) -> None:
    round = collecting_round(comparisons=1, k=2)
    page = open_round(visit, round)
    texts(page)
    press(page, "?")
    page.get_by_role("switch", name="Single keys are on").uncheck()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    press(page, "1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("radio", checked=True)).to_have_count(0)
    assert stored(round) == []


def test_it_marks_what_another_answer_does_not_say(visit: Visit) -> None:
    round = collecting_round(comparisons=1, k=2)
    Completion.objects.filter(index=0).update(text="Dear Nora, thank you.")
    Completion.objects.filter(index=1).update(text="Dear Nora, thanks.")
    ask(round, difference=True)
    page = open_round(visit, round)
    texts(page)
    press(page, "w")
    expect(page.locator("mark")).to_have_count(2)
    assert sorted(page.locator("mark").all_inner_texts()) == ["thank you", "thanks"]
    press(page, "w")
    expect(page.locator("mark")).to_have_count(0)


def test_it_compares_with_the_best_so_far_among_three(visit: Visit) -> None:
    round = collecting_round(comparisons=1, k=3)
    ask(round, difference=True)
    page = open_round(visit, round)
    texts(page)
    press(page, "bw")
    expect(page.get_by_text("Marked: what B does not say.")).to_have_count(2)


def test_long_answers_scroll_together_when_asked_to(visit: Visit) -> None:
    round = collecting_round(comparisons=1, k=2)
    Completion.objects.filter(index=0).update(text="A line.\n\n" * 80)
    Completion.objects.filter(index=1).update(text="A line.\n\n" * 160)
    page = open_round(visit, round)
    texts(page)
    scroll = "[...document.querySelectorAll('article > [role=group]')].map((box) => box.scrollTop)"
    halfway = """() => {
      const box = document.querySelector('article > [role=group]')
      box.scrollTop = (box.scrollHeight - box.clientHeight) / 2
    }"""
    page.evaluate(halfway)
    page.evaluate(TWO_FRAMES)
    assert page.evaluate(scroll)[1] == 0
    press(page, "t")
    page.evaluate(halfway.replace("/ 2", "/ 4"))
    page.evaluate(TWO_FRAMES)
    shares = page.evaluate(
        """[...document.querySelectorAll('article > [role=group]')]
        .map((box) => box.scrollTop / (box.scrollHeight - box.clientHeight))"""
    )
    assert shares == pytest.approx([0.25, 0.25], abs=0.02)
    expect(page.get_by_role("button", name="Submit")).to_be_in_viewport()
