"""The round page follows what happens, without a refresh and through a broken line."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

from playwright.sync_api import Page, expect

from annotate.accounts.models import User
from annotate.loop.collecting import publish_collecting
from annotate.loop.jobs import stage_folder
from annotate.rounds.models import Round, RoundState
from annotate.rounds.transitions import move
from tests.annotate.collecting import collecting_round
from tests.browser.conftest import Visit
from tests.browser.rounds import deciding_round, running, step
from tests.browser.screens import annotator_of, elsewhere, press, rank_path, texts, wait_saved
from training.contracts import PARTIAL_COMPLETIONS_FILE, CompletionRow

LIVE = re.compile("^live$")


def researcher() -> User:
    return User.objects.create(username="ada", role="researcher")


def open_live(visit: Visit, round: Round) -> Page:
    page = visit(researcher(), f"/rounds/{round.pk}")
    expect(page.get_by_role("status").filter(has_text=LIVE)).to_be_visible()
    return page


def test_it_shows_rankings_as_they_come_in(visit: Visit) -> None:
    round = collecting_round(comparisons=3, k=2)
    page = open_live(visit, round)
    expect(page.get_by_test_id("collecting")).to_contain_text("0 of 3")
    ranker = visit(annotator_of(round), rank_path(round))
    texts(ranker)
    press(ranker, "1")
    ranker.keyboard.press("Enter")
    wait_saved(ranker)
    elsewhere(publish_collecting, round)
    expect(page.get_by_test_id("collecting")).to_contain_text("1 of 3")


def test_it_moves_with_the_round_and_draws_its_curve(visit: Visit) -> None:
    round = collecting_round(comparisons=3, k=2)
    page = open_live(visit, round)
    elsewhere(move, round=round, to=RoundState.TRAINING_REWARD)
    expect(page.get_by_role("heading", name="Training the reward model")).to_be_visible()
    telemetry = running(round, "reward")
    for number in range(1, 8):
        step(telemetry, number, 0.7 - 0.05 * number)
    progress = page.get_by_test_id("run-progress")
    expect(progress).to_contain_text("7 of 20 steps")
    expect(progress).to_contain_text("1,234 tokens a second")
    expect(progress).to_contain_text("1 min 5 s left")
    expect(page.get_by_role("img", name="Loss by step: 7 points, newest 0.35")).to_be_visible()


def test_it_misses_nothing_while_the_line_is_broken(visit: Visit) -> None:
    round = collecting_round(comparisons=3, k=2)
    page = open_live(visit, round)
    page.context.set_offline(True)
    page.evaluate("window.dispatchEvent(new Event('offline'))")
    elsewhere(move, round=round, to=RoundState.TRAINING_REWARD)
    telemetry = running(round, "reward")
    step(telemetry, 1, 0.69)
    step(telemetry, 2, 0.6)
    page.context.set_offline(False)
    expect(page.get_by_test_id("run-progress")).to_contain_text("2 of 20 steps")
    expect(page.get_by_role("img", name="Loss by step: 2 points, newest 0.6")).to_be_visible()


def test_samples_scroll_by_while_the_round_is_sampled(visit: Visit) -> None:
    round = collecting_round(comparisons=3, k=2)
    round.comparisons.all().delete()
    Round.objects.filter(pk=round.pk).update(state=RoundState.SAMPLING)
    telemetry = running(round, "sample")
    page = open_live(visit, round)
    for number, prompt in enumerate(round.campaign.prompts.all(), start=1):
        draw(round, prompt.pk, f"Fresh reply {number}")
        telemetry.note({"step": number, "total": 6})
        elsewhere(telemetry.write)
        expect(page.get_by_text(f"Fresh reply {number}")).to_be_visible()
    expect(page.get_by_text("Fresh reply 1")).to_be_visible()


def draw(round: Round, prompt: int, text: str) -> None:
    """Write a reply down as the sample stage does while it is at work."""
    path = stage_folder(round, "sample") / "work" / PARTIAL_COMPLETIONS_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    row = CompletionRow(
        prompt_id=str(prompt), index=0, text=text, token_ids=[5], logprobs=[-1.0], temperature=0.7, top_p=1.0,
        seed=1, finish="stop",
    )  # fmt: skip
    with path.open("a", encoding="utf-8") as handle:
        handle.write(json.dumps(asdict(row)) + "\n")


def test_it_shows_a_failure_with_its_sentence_and_retries(visit: Visit) -> None:
    round = collecting_round(comparisons=3, k=2)
    elsewhere(move, round=round, to=RoundState.TRAINING_REWARD)
    page = open_live(visit, round)
    elsewhere(move, round=round, to=RoundState.FAILED, reason="The disk is full.")
    told = page.get_by_role("alert")
    expect(told).to_contain_text("The disk is full.")
    told.get_by_role("button", name="Retry").click()
    expect(told).to_have_count(0)
    round.refresh_from_db()
    assert round.state == RoundState.TRAINING_REWARD


def test_it_asks_once_before_it_cancels(visit: Visit) -> None:
    round = collecting_round(comparisons=3, k=2)
    page = open_live(visit, round)
    page.get_by_role("button", name="Cancel round").click()
    page.get_by_role("button", name="No", exact=True).click()
    page.get_by_role("button", name="Cancel round").click()
    page.get_by_role("button", name="Yes, cancel round 1").click()
    expect(page.get_by_text("cancelled").first).to_be_visible()
    round.refresh_from_db()
    assert round.state == RoundState.CANCELLED


def test_it_promotes_a_challenger_and_says_what_that_does(visit: Visit, tmp_path: Path) -> None:
    round = deciding_round(tmp_path)
    page = open_live(visit, round)
    expect(page.get_by_text("63 %").first).to_be_visible()
    pairs = page.get_by_role("region", name="Answers side by side").get_by_text("Dear Nora, thank you.")
    expect(pairs).to_have_count(20)
    expect(
        page.get_by_text("The challenger is better than the champion by the reward model.")
    ).to_be_visible()
    page.get_by_label("Reason, for the record").fill("reads well")
    page.get_by_role("button", name="Promote round-1-policy").click()
    expect(page.get_by_role("heading", name="Promoted by ada: reads well")).to_be_visible()
    round.refresh_from_db()
    assert round.state == RoundState.CLOSED
    assert round.campaign.promotions.latest("pk").checkpoint.name == "round-1-policy"


def test_it_shows_the_step_that_the_address_names(visit: Visit) -> None:
    round = collecting_round(comparisons=3, k=2)
    page = visit(researcher(), f"/rounds/{round.pk}?step=deciding")
    expect(page.get_by_role("heading", name="Decide")).to_be_visible()
    page.get_by_role("link", name=re.compile("Collect")).click()
    expect(page.get_by_test_id("collecting")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Decide")).to_be_visible()
