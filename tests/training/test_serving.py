"""Replies to whoever waits: what is asked for, told word by word, and refused."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.training.tiny import make_tokenizer
from training.contracts import JobSpec
from training.data import Encoder
from training.decoding import Request, sample_replies
from training.models import encoder_for, load_policy, stop_tokens
from training.serving import Server
from training.speech import Speech

JOB = JobSpec(stage="sample", output="", work="", device="cpu")
SAID = [{"role": "user", "content": "thank you for the cake"}]


def ask(name: str, model: str, *, messages: Any = SAID, longest: int = 12) -> dict[str, Any]:
    """A request for two replies."""
    replies = [{"seed": seed, "temperature": 1.0, "top_p": 1.0} for seed in (1, 2)]
    return {"id": name, "model": model, "messages": messages, "replies": replies, "max_new_tokens": longest}


def serve(*lines: dict[str, Any] | str) -> list[dict[str, Any]]:
    """What a server says to these lines; it is told to end once it has nothing to do."""
    out = io.StringIO()
    server = Server(JOB, out)
    for line in lines:
        server.understand(json.loads(line) if isinstance(line, str) else line)
    while server.is_busy:
        server.work()
    return [json.loads(line) for line in out.getvalue().splitlines()]


def whole(events: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """The whole replies to one request, by index."""
    done = {event["index"]: event["done"] for event in events if event["id"] == name and "done" in event}
    return [done[index] for index in sorted(done)]


def test_it_writes_what_the_sample_stage_would_draw(model_folder: Callable[[str], str]) -> None:
    source = model_folder("llama")
    replies = whole(serve(ask("a", source)), "a")
    policy = load_policy(source, JOB)
    encoder = encoder_for(policy, source)
    requests = [Request(0, seed, 1.0, 1.0) for seed in (1, 2)]
    stops = stop_tokens(policy, encoder.tokenizer)
    *_, drawn = sample_replies(policy, [encoder.prompt(SAID)], requests, max_new_tokens=12, stop=stops)  # type: ignore[arg-type]  # a message is a dict
    assert isinstance(drawn, list)
    for reply, expected in zip(replies, drawn, strict=True):
        assert reply["token_ids"] == expected.token_ids
        assert reply["logprobs"] == pytest.approx(expected.logprobs)
        assert reply["text"] == encoder.text(expected.token_ids)
        assert reply["finish"] == ("stop" if expected.stopped else "length")


def test_the_words_told_on_the_way_are_the_reply(model_folder: Callable[[str], str]) -> None:
    events = serve(ask("a", model_folder("llama"), longest=40))
    for index, reply in enumerate(whole(events, "a")):
        text = ""
        for event in events:
            if event.get("index") == index and "text" in event:
                assert event["at"] == len(text)
                text += event["text"]
        # An unfinished character at the end is told with the whole alone.
        assert reply["text"].startswith(text)


def test_a_reply_is_the_same_whatever_it_is_written_beside(model_folder: Callable[[str], str]) -> None:
    source, other = model_folder("llama"), model_folder("gpt2")
    longer = [{"role": "user", "content": "the warm tea we had on sunday in your small garden"}]
    alone = whole(serve(ask("a", source)), "a")
    beside = serve(
        ask("b", source, messages=longer), ask("a", source), ask("c", other), ask("d", source, longest=5)
    )
    assert [reply["token_ids"] for reply in whole(beside, "a")] == [reply["token_ids"] for reply in alone]
    assert [len(whole(beside, name)) for name in "abcd"] == [2, 2, 2, 2]


def test_nothing_more_is_told_of_a_request_that_is_taken_back(model_folder: Callable[[str], str]) -> None:
    source = model_folder("llama")
    assert serve(ask("a", source), {"cancel": "a"}, {"cancel": "unknown"}) == []
    out = io.StringIO()
    server = Server(JOB, out)
    server.understand(ask("a", source))
    server.understand(ask("b", source))
    server.work()
    server.understand({"cancel": "a"})
    out.truncate(0)
    while server.is_busy:
        server.work()
    told = [json.loads(line) for line in out.getvalue().lstrip("\x00").splitlines()]
    assert {event["id"] for event in told} == {"b"}


@pytest.mark.parametrize(
    ("changes", "sentence", "lasting"),
    [
        ({"messages": [{"role": "user", "content": "an <eos> within"}]}, "holds <eos>, a control word", True),
        ({"max_new_tokens": 500}, "exceeds the model's context of", True),
        ({"messages": [{"role": "user", "content": "cake " * 400}]}, "write less, or finish it", True),
        ({"messages": []}, "Not a request", True),
        ({"replies": [{"seed": "x"}]}, "Not a request", True),
        ({"messages": "cake"}, "Not a request", True),
        ({"model": "/no/such/model"}, "is not a folder that exists", False),
    ],
)
def test_it_says_in_one_sentence_what_it_cannot_answer(
    model_folder: Callable[[str], str], changes: dict[str, Any], sentence: str, lasting: bool
) -> None:
    source = model_folder("llama")
    events = serve({**ask("a", source), **changes}, ask("b", source))
    [refusal] = [event for event in events if event["id"] == "a"]
    assert sentence in refusal["error"]
    assert refusal["lasting"] is lasting
    assert len(whole(events, "b")) == 2


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, {"fits": True}),
        ({"written": ["short", "cake " * 400]}, "longer than the model can read that learns from it"),
        ({"messages": [{"role": "user", "content": "cake " * 400}]}, "longer than the model can read"),
        ({"written": ["an <eos> within", "b"]}, "A reply holds <eos>, a control word"),
        ({"written": []}, "Not a request"),
        ({"written": None}, "Not a request"),
        ({"model": "/no/such/model"}, "is not a folder that exists"),
    ],
)
def test_it_says_whether_a_model_could_learn_from_replies_of_others(
    model_folder: Callable[[str], str], changes: dict[str, Any], told: str | dict[str, bool]
) -> None:
    line = {"id": "a", "model": model_folder("llama"), "messages": SAID, "written": ["thanks", "a cake"]}
    [answer] = serve({**line, **changes})
    if isinstance(told, str):
        assert told in answer["error"]
    else:
        assert answer == {"id": "a", **told}


def test_a_model_can_be_loaded_before_anybody_asks(
    model_folder: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    source = model_folder("llama")
    assert serve({"load": source}, {"load": "/no/such/model"}) == []
    assert "/no/such/model cannot be loaded" in capsys.readouterr().err


def test_speech_grows_by_whole_characters_and_never_takes_back() -> None:
    encoder = Encoder(make_tokenizer(), context=100, vocabulary=300)
    ids = encoder.tokenizer("  thank you ☕ né\n\n")["input_ids"]
    speech = Speech(encoder)
    told = [speech.add(token) for token in ids]
    assert all(later.startswith(sooner) for sooner, later in itertools.pairwise(told))
    assert "\ufffd" not in "".join(told)
    assert told[-1] == encoder.text(ids) == "thank you ☕ né"
