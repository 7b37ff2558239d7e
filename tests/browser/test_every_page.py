"""Every page at desktop and phone width, light and dark: nothing for axe to find, nothing cut off.

Leaves a screenshot of each in ``build/screenshots`` to be looked at.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from annotate.accounts.models import User
from annotate.campaigns.models import Campaign
from annotate.ranking.models import Completion
from annotate.rounds.models import Round
from tests.annotate.collecting import collecting_round
from tests.browser.conftest import BASE, DESKTOP, PHONE, SCREENSHOTS, Visit
from tests.browser.rounds import deciding_round, failed_round, training_round
from tests.browser.screens import annotator_of, as_written, press, rank_path, texts

AXE = (BASE / "frontend" / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What sticks to an edge of the window covers whatever happens to be scrolled under it, which is no fault: it
# can be scrolled clear. What has the focus must be clear of it; test_workbench.py looks at that.
UNSTICK = """() => {
  for (const element of document.querySelectorAll('body *')) {
    if (getComputedStyle(element).position === 'sticky') {
      element.setAttribute('data-unstuck', '')
      element.style.position = 'static'
    }
  }
}"""
STICK = """() => {
  for (const element of document.querySelectorAll('[data-unstuck]')) {
    element.removeAttribute('data-unstuck')
    element.style.position = ''
  }
}"""
LOOKS = [(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light"), (PHONE, "dark")]

ANSWERS = [
    "Dear Nora,\n\nThank you so much for your help with the move. You carried every heavy box and still made "
    "us laugh. We could not have done it without you.\n\nWarmly,\nTom",
    "Nora, got it. Thanks.",
    "Dearest Nora, I am truly grateful:\n\n- for the **van**\n- for the *tape*\n\n| box | room |\n|---|---|\n"
    "| 1 | kitchen |\n\n`thanks()`",
    "Thank you thank you thank you.",
]


def check(page: Page, name: str, size: tuple[int, int], scheme: str) -> None:
    """Photograph the page, then ask axe, then that it does not scroll sideways.

    What axe finds must not depend on how far the page is scrolled.
    """
    width = "desktop" if size == DESKTOP else "phone"
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}-{width}-{scheme}.png", full_page=True)
    page.evaluate(AXE)
    page.evaluate(UNSTICK)
    found = page.evaluate("(tags) => axe.run({ runOnly: { type: 'tag', values: tags } })", RULES)
    page.evaluate(STICK)
    assert not found["violations"], "\n".join(map(_told, found["violations"]))
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{name} is {wide} px too wide"


def _told(violation: dict[str, Any]) -> str:
    nodes = [f"{node['html'][:160]} {node['failureSummary'][:260]}" for node in violation["nodes"][:3]]
    return "\n  ".join([violation["id"], *nodes])


def admin() -> User:
    return User.objects.create(username="ada", role="admin")


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_login(visit: Visit, size: tuple[int, int], scheme: str) -> None:
    page = visit(None, "/login", size=size, scheme=scheme)
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    check(page, "login", size, scheme)


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
@pytest.mark.parametrize("k", [2, 4])
def test_ranking(visit: Visit, size: tuple[int, int], scheme: str, k: int) -> None:
    round = as_written(written_round(k))
    page = visit(annotator_of(round), rank_path(round), size=size, scheme=scheme)
    texts(page)
    check(page, f"ranking-{k}-begun", size, scheme)
    press(page, "6" if k == 2 else "cab3")
    check(page, f"ranking-{k}", size, scheme)
    press(page, "4xr" if k == 2 else "x")
    check(page, f"ranking-{k}-open", size, scheme)


def test_ranking_with_its_panels(visit: Visit) -> None:
    round = as_written(written_round(4))
    Campaign.objects.update(guidelines="# Prefer\n\n- **polite** over curt\n- what was asked for")
    for size in (DESKTOP, PHONE):
        page = visit(annotator_of(round), rank_path(round), size=size)
        texts(page)
        press(page, "g")
        check(page, "ranking-guidelines", size, "light")
        press(page, "gs")
        check(page, "ranking-skip", size, "light")
        page.keyboard.press("Escape")
        press(page, "?")
        expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
        check(page, "ranking-keys", size, "light")


def test_ranking_at_twice_the_size_keeps_its_controls(visit: Visit) -> None:
    """200 % zoom of a 1280 by 800 window is a window of 640 by 400."""
    round = as_written(written_round(4))
    page = visit(annotator_of(round), rank_path(round), size=(640, 400))
    texts(page)
    expect(page.get_by_role("button", name="Submit")).to_be_in_viewport()
    page.mouse.wheel(0, 2000)
    expect(page.locator("article").last).to_be_in_viewport()
    expect(page.get_by_role("button", name="Submit")).to_be_in_viewport()
    check(page, "ranking-zoomed", (640, 400), "light")


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_first_pages(visit: Visit, size: tuple[int, int], scheme: str) -> None:
    round = written_round(4)
    page = visit(annotator_of(round), "/", size=size, scheme=scheme)
    expect(page.get_by_role("link", name="Start ranking")).to_be_visible()
    check(page, "home-annotator", size, scheme)
    page = visit(admin(), "/", size=size, scheme=scheme)
    expect(page.get_by_role("cell").first).to_be_visible()
    check(page, "home-admin", size, scheme)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Go to")).to_be_focused()
    check(page, "finder", size, scheme)


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_campaign(visit: Visit, size: tuple[int, int], scheme: str) -> None:
    round = written_round(4)
    page = visit(admin(), "/people", size=size, scheme=scheme)
    expect(page.get_by_role("cell").first).to_be_visible()
    check(page, "people", size, scheme)
    page.goto("/campaigns/new")
    expect(page.get_by_label("Guidelines")).to_be_visible()
    check(page, "campaign-new", size, scheme)
    signs = {
        "rounds": "Round 1",
        "prompts": "thanking Nora",
        "people": annotator_of(round).username,
        "checkpoints": "starter",
        "export": "Export the preferences",
        "settings": "The ranking page",
    }
    for tab, sign in signs.items():
        page.goto(f"/campaigns/{round.campaign_id}?tab={tab}")
        expect(page.get_by_role("tabpanel")).to_contain_text(sign)
        page.wait_for_load_state("networkidle")
        check(page, f"campaign-{tab}", size, scheme)


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
@pytest.mark.parametrize("state", ["collecting", "training", "deciding", "failed"])
def test_round(visit: Visit, tmp_path: Path, size: tuple[int, int], scheme: str, state: str) -> None:
    make, sign = {
        "collecting": (lambda: written_round(4), "0 of 6"),
        "training": (training_round, "12 of 20 steps"),
        "deciding": (lambda: deciding_round(tmp_path), "63 %"),
        "failed": (failed_round, "The disk is full."),
    }[state]
    round = make()
    page = visit(admin(), f"/rounds/{round.pk}", size=size, scheme=scheme)
    expect(page.get_by_role("heading", name="Round 1")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text(sign)
    page.wait_for_load_state("networkidle")
    check(page, f"round-{state}", size, scheme)


def written_round(k: int) -> Round:
    """A collecting round whose answers are worth reading."""
    round = collecting_round(comparisons=6, k=k)
    Campaign.objects.update(name="Short notes")
    for index, text in enumerate(ANSWERS[:k]):
        Completion.objects.filter(index=index).update(text=text)
    for prompt in round.campaign.prompts.all():
        prompt.messages = json.loads(
            '[{"role": "user", "content": "Write a short note thanking Nora for the help with the move."}]'
        )
        prompt.save()
    return round
