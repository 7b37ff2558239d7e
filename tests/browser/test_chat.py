"""Whole conversations in a real browser, answered by the chat process: written, read, ranked, gone on with.

Leaves screenshots in ``build/screenshots`` to be looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from playwright.sync_api import Page, Route, expect

from annotate.chat.models import Conversation, Turn
from annotate.ranking.models import Annotation, Completion
from annotate.rounds.models import Round
from tests.annotate.chat import openai_server
from tests.annotate.chat.talking import chat_process, chat_round
from tests.browser.conftest import DESKTOP, PHONE, Visit
from tests.browser.screens import annotator_of, elsewhere, rank_path, texts
from tests.browser.test_every_page import admin, check

# The chat process has to start, and to load a model or reach a server, before the first word comes.
FIRST_ANSWER = 90_000
ASKED = "Write a short note thanking Nora for the help with the move."


def made(**settings: Any) -> Round:
    """A chat round that collects."""
    rounds: list[Round] = []
    elsewhere(lambda: rounds.append(chat_round(**settings)))
    return rounds[0]


@pytest.fixture
def two_servers(tmp_path: Path, transactional_db: None) -> Iterator[Callable[..., Round]]:
    """A function that makes a round in which a warm and a curt model of a server elsewhere answer.

    While there is a file ``hold`` in the test's folder, they do not come to their ends.
    """
    process, address = openai_server.start(tmp_path / "hold")
    sources = [{"from": "endpoint", "url": address, "model": model} for model in ("warm", "curt")]
    with process, override_settings(CHAT_ENDPOINTS=[address]), chat_process(tmp_path, CHAT_ENDPOINTS=address):
        yield lambda **chat: made(chat={"sources": sources, **chat})
        process.kill()


def send(page: Page, text: str, *, by_touch: bool = False) -> None:
    message = page.get_by_role("textbox", name="message")
    expect(message).to_be_focused()
    message.fill(text)
    if by_touch:
        page.get_by_role("button", name="Send").tap()
    else:
        page.keyboard.press("Enter")


def rank(page: Page, key: str) -> None:
    """Rank two written replies by the keyboard alone."""
    expect(page.get_by_role("radiogroup", name="Which is better")).to_be_visible(timeout=FIRST_ANSWER)
    page.keyboard.press(key)
    page.keyboard.press("Enter")


def test_two_turns_with_an_own_model_by_the_keyboard_alone(visit: Visit, tmp_path: Path) -> None:
    round = made(chat={"turns": 2}, max_new_tokens=60)
    page = visit(annotator_of(round), rank_path(round))
    with chat_process(tmp_path):
        send(page, ASKED)
        expect(page.get_by_role("radiogroup", name="Which is better")).to_be_visible(timeout=FIRST_ANSWER)
        first = texts(page)
        rank(page, "6")
        # B is better: it goes on.
        expect(page.get_by_role("region", name="The conversation")).to_contain_text(
            first[1], use_inner_text=True
        )
        send(page, "Make it shorter.")
        rank(page, "1")
        expect(page.get_by_text("A conversation here has at most 2 turns.")).to_be_visible(
            timeout=FIRST_ANSWER
        )
        page.get_by_role("button", name="Finish the conversation").click()
        expect(page.get_by_role("heading", name="Write the first message")).to_be_visible()
    one, two = Annotation.objects.order_by("pk")
    assert (one.gaps, two.gaps) == ([2], [3])
    best = Completion.objects.get(comparison=one.assignment.comparison, index=one.ranking[0])
    said = two.assignment.comparison.prompt.messages
    assert [turn["role"] for turn in said] == ["user", "assistant", "user"]
    assert said[1]["content"] == best.text
    assert best.token_ids
    assert Conversation.objects.get().ended_at is not None


def test_replies_appear_word_by_word_and_a_reload_misses_nothing(
    visit: Visit, two_servers: Callable[..., Round], tmp_path: Path
) -> None:
    round = two_servers()
    page = visit(annotator_of(round), rank_path(round))
    hold = tmp_path / "hold"
    hold.touch()
    send(page, ASKED)
    expect(page.get_by_text("Thank you so much")).to_be_visible(timeout=FIRST_ANSWER)
    expect(page.get_by_text("The replies are being written")).to_be_visible()
    assert page.get_by_text("Warmly").count() == 0
    page.reload()
    expect(page.get_by_text("Thank you so much")).to_be_visible()
    hold.unlink()
    expect(page.get_by_text("Warmly")).to_be_visible()
    rank(page, "1")
    wait_for_composer(page)
    [annotation] = Annotation.objects.all()
    shown = [reply.strip() for reply in openai_server.TEXTS.values()]
    kept = list(Completion.objects.order_by("index").values_list("text", flat=True))
    assert kept == shown
    assert annotation.ranking == annotation.assignment.order


def wait_for_composer(page: Page) -> None:
    expect(page.get_by_role("textbox", name="Your next message")).to_be_visible()


def test_a_message_that_is_not_sent_yet_is_still_there_after_a_reload_and_elsewhere(visit: Visit) -> None:
    round = made()
    page = visit(annotator_of(round), rank_path(round))
    page.get_by_role("textbox", name="message").fill("Dear N")
    page.reload()
    expect(page.get_by_role("textbox", name="message")).to_have_value("Dear N")


def test_a_message_that_cannot_be_answered_says_why_and_is_put_otherwise(
    visit: Visit, tmp_path: Path
) -> None:
    round = made(chat={"prompt_max": 60}, max_new_tokens=20)
    page = visit(annotator_of(round), rank_path(round))
    message = page.get_by_role("textbox", name="message")
    expect(message).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Write something first.")).to_be_visible()
    message.fill("x" * 61)
    page.keyboard.press("Enter")
    expect(page.get_by_text("At most 60 characters; these are 61.")).to_be_visible()
    with chat_process(tmp_path):
        send(page, "What does <|end|> mean?")
        expect(page.get_by_text("The conversation holds <|end|>, a control word")).to_be_visible(
            timeout=FIRST_ANSWER
        )
        check(page, "chat-failed", DESKTOP, "light")
        page.get_by_role("button", name="Put it otherwise").click()
        expect(message).to_have_value("What does <|end|> mean?")
        send(page, "What does the end mean?")
        rank(page, "2")
        wait_for_composer(page)
    assert list(Turn.objects.values_list("text", flat=True)) == ["What does the end mean?"]


def test_a_ranking_in_a_chat_can_be_undone_before_it_goes_on(
    visit: Visit, two_servers: Callable[..., Round]
) -> None:
    round = two_servers()
    page = visit(annotator_of(round), rank_path(round))
    send(page, ASKED)
    expect(page.get_by_role("radiogroup", name="Which is better")).to_be_visible(timeout=FIRST_ANSWER)
    shown = texts(page)
    rank(page, "1")
    wait_for_composer(page)
    held: list[Route] = []
    page.route("**/submit", lambda route: held.append(route))
    page.get_by_role("button", name="Undo ranking").click()
    rank(page, "7")
    # Nothing goes on before the server has it: what the page heard of the first ranking is over.
    assert page.get_by_role("textbox").count() == 0
    expect(page.get_by_text("saving")).to_be_visible()
    assert page.get_by_role("textbox").count() == 0
    held[0].continue_()
    wait_for_composer(page)
    expect(page.get_by_role("region", name="The conversation")).to_contain_text(shown[1], use_inner_text=True)
    gone, stands = Annotation.objects.order_by("pk")
    assert gone.withdrawn_at is not None
    assert stands.ranking == gone.ranking[::-1]


@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_how_it_looks(
    visit: Visit, two_servers: Callable[..., Round], tmp_path: Path, size: tuple[int, int], scheme: str
) -> None:
    round = two_servers(turns=4)
    hold = tmp_path / "hold"
    hold.touch()
    page = visit(annotator_of(round), rank_path(round), size=size, scheme=scheme)
    expect(page.get_by_role("heading", name="Write the first message")).to_be_visible()
    check(page, "chat-begin", size, scheme)
    send(page, ASKED, by_touch=size == PHONE)
    expect(page.get_by_text("Thank you so much")).to_be_visible(timeout=FIRST_ANSWER)
    check(page, "chat-writing", size, scheme)
    hold.unlink()
    expect(page.get_by_role("radiogroup", name="Which is better")).to_be_visible()
    # The same one goes on whatever the order is.
    rank(page, "1" if texts(page)[0].startswith("Dear Nora,") else "7")
    wait_for_composer(page)
    check(page, "chat-next", size, scheme)
    send(page, "Could you make it a little less effusive, and name the piano?", by_touch=size == PHONE)
    expect(page.get_by_role("radiogroup", name="Which is better")).to_be_visible()
    check(page, "chat-rank", size, scheme)


def test_who_writes_the_replies_is_set_in_the_campaign(visit: Visit) -> None:
    round = made()
    page = visit(admin(), f"/campaigns/{round.campaign_id}?tab=settings")
    page.get_by_role("textbox", name="Turns of a conversation").fill("3")
    page.get_by_role("button", name="Add who else replies").click()
    page.get_by_role("combobox", name="Source 2").click()
    page.get_by_role("option", name="A model on a server").click()
    page.get_by_role("textbox", name="Base address").fill("http://gpu1:8000/v1")
    page.get_by_role("textbox", name="Model", exact=True).last.fill("big")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("not one that CHAT_ENDPOINTS names on this machine")).to_be_visible()
    check(page, "chat-settings", DESKTOP, "light")
    page.get_by_role("button", name="Remove source 2").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved")).to_be_visible()
    round.campaign.refresh_from_db()
    assert round.campaign.chat["turns"] == 3
    assert round.campaign.chat["sources"] == [{"from": "champion"}]
