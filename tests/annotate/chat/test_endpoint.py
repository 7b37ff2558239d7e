"""Listening to an OpenAI-compatible server, a well-behaved one and others."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from pytest_django import Settings

from annotate.chat import endpoint
from annotate.chat.events import Event, Piece, Trouble, Whole
from annotate.chat.sources import Voice
from annotate.rounds.models import Checkpoint
from tests.annotate.chat import openai_server
from training.contracts import Message

pytestmark = pytest.mark.slow
SAID: list[Message] = [{"role": "user", "content": "Hello"}]
REPLY = "Hello (turn 1):" + "".join(f" word {number}" for number in range(12))


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    process, address = openai_server.start()
    with process:
        yield address
        process.kill()


def voice(url: str, model: str) -> Voice:
    return Voice(1, Checkpoint(), model, url, temperature=0.7, top_p=0.9, seed=5)


def listen(url: str, model: str) -> list[Event]:
    return list(endpoint.listen(voice(url, model), SAID, max_new_tokens=64))


def trouble(url: str, model: str) -> Trouble:
    *_, last = listen(url, model)
    assert isinstance(last, Trouble)
    assert last.sentence.endswith("tell who runs the campaign.")
    # The annotator must not learn what wrote the replies.
    for secret in (url, model, "llama", "gpu7", "127.0.0.1"):
        assert secret not in last.sentence
    return last


@pytest.mark.parametrize("model", ["plain", "odd"])
def test_it_hears_a_reply_word_by_word(server: str, model: str) -> None:
    *pieces, whole = listen(server, model)
    text = ""
    for piece in pieces:
        assert isinstance(piece, Piece)
        assert (piece.index, piece.at) == (1, len(text))
        text += piece.text
    assert text == REPLY
    assert isinstance(whole, Whole)
    assert (whole.reply.text, whole.reply.finish) == (REPLY, "stop")
    assert whole.reply.token_ids == ()


def test_a_reply_that_was_cut_is_marked_as_cut(server: str) -> None:
    *_, whole = listen(server, "cut")
    assert isinstance(whole, Whole)
    assert whole.reply.finish == "length"


@pytest.mark.parametrize(
    ("model", "sentence", "detail"),
    [
        ("broken", "broke off", "finish reason"),
        ("filtered", "broke off", "content_filter"),
        ("garbage", "sent what cannot be read", "{not json"),
        ("crash", "broke off with an error", "CUDA out of memory"),
        ("unknown", "refused (status 404)", "not for you"),
        ("locked", "refused (status 401)", "401"),
        ("moved", "refused (status 302)", "302"),
    ],
)
def test_it_says_in_one_sentence_why_there_is_no_reply(
    server: str, model: str, sentence: str, detail: str
) -> None:
    said = trouble(server, model)
    assert sentence in said.sentence
    assert detail in said.detail
    assert not said.lasting


def test_it_sends_the_key_to_its_own_server_alone(server: str, settings: Settings) -> None:
    settings.CHAT_ENDPOINTS, settings.CHAT_ENDPOINT_KEYS = ["http://other/v1", server], ["other", "sesame"]
    assert isinstance(listen(server, "locked")[-1], Whole)
    settings.CHAT_ENDPOINT_KEYS = ["sesame"]
    assert isinstance(listen(server, "locked")[-1], Trouble)


def test_a_reply_without_end_is_cut(server: str) -> None:
    *_, whole = listen(server, "endless")
    assert isinstance(whole, Whole)
    assert (len(whole.reply.text), whole.reply.finish) == (endpoint.LONGEST_REPLY, "length")


def test_a_line_without_end_is_refused(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "LONGEST_LINE", 20)
    assert "more than a reply can be" in trouble(server, "plain").sentence


def test_a_server_that_takes_too_long_is_left(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "LONGEST_SECONDS", 0.15)
    assert "did not come to an end in time" in trouble(server, "slow").sentence
    monkeypatch.setattr(endpoint, "TIMEOUT", httpx.Timeout(0.05))
    assert "did not answer in time" in trouble(server, "slow").sentence


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/v1", "http://[broken/v1", "http://no-such-host.invalid/v1"]
)
def test_a_server_that_is_not_there_cannot_be_reached(url: str) -> None:
    assert "cannot be reached" in trouble(url, "nobody").sentence
