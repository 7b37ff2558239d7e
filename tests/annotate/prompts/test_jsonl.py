"""What becomes a prompt and what is refused, line by line."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from annotate.errors import TooLarge
from annotate.prompts import jsonl
from annotate.prompts.jsonl import BadRow, numbered_lines, parse_line

USER = {"role": "user", "content": "Hello"}
REPLY = {"role": "assistant", "content": "Hi"}
SYSTEM = {"role": "system", "content": "Be kind."}


def _line(row: Any) -> bytes:
    return json.dumps(row).encode()


def test_it_reads_a_plain_prompt_and_a_conversation() -> None:
    assert parse_line(_line({"prompt": "Hello"})).messages == [USER]
    parsed = parse_line(_line({"messages": [SYSTEM, USER, REPLY, USER], "split": "heldout", "id": 7, "x": 1}))
    assert (parsed.messages, parsed.split, parsed.external_id) == (
        [SYSTEM, USER, REPLY, USER],
        "heldout",
        "7",
    )


def test_it_reads_whether_a_prompt_is_about_safety() -> None:
    rows = [{"prompt": "Hello"}, {"prompt": "Hello", "safety": None}, {"prompt": "Hello", "safety": True}]
    assert [parse_line(_line(row)).safety for row in rows] == [False, False, True]


def test_it_gives_one_conversation_one_digest_however_it_is_written() -> None:
    plain = parse_line(_line({"prompt": "Hello"}))
    assert plain.digest == parse_line(_line({"messages": [{"content": "Hello", "role": "user"}]})).digest
    assert plain.digest != parse_line(_line({"prompt": "Hello!"})).digest


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ([1], 'a row must be an object with "prompt" or "messages"'),
        ({}, 'give either "prompt" or "messages"'),
        ({"prompt": "a", "messages": [USER]}, 'give either "prompt" or "messages"'),
        ({"prompt": "a", "safety": 1}, '"safety" must be true or false'),
        ({"prompt": "  "}, "turn 1 must have a text that is not empty"),
        ({"prompt": 5}, "turn 1 must have a text that is not empty"),
        ({"messages": []}, '"messages" must be a list of 1 to 200 turns'),
        ({"messages": "hello"}, '"messages" must be a list of 1 to 200 turns'),
        (
            {"messages": [{"role": "robot", "content": "a"}]},
            "turn 1 must be an object whose role is system, user or assistant",
        ),
        ({"messages": [USER, REPLY]}, "the conversation must end in a user turn"),
        ({"messages": [SYSTEM]}, "the conversation must end in a user turn"),
        (
            {"messages": [USER, USER]},
            "after an optional system turn, user and assistant must take turns, user first",
        ),
        (
            {"messages": [USER, SYSTEM, USER]},
            "after an optional system turn, user and assistant must take turns, user first",
        ),
        ({"prompt": "a", "split": "test"}, '"split" must be train or heldout'),
        ({"prompt": "a", "split": ["train"]}, '"split" must be train or heldout'),
        ({"prompt": "a", "id": {}}, '"id" must be a text or a whole number'),
        ({"prompt": "a", "id": "x" * 201}, '"id" must have at most 200 ordinary characters'),
        ({"prompt": "a\0b"}, "turn 1 cannot be stored: it holds a NUL character"),
        (
            {"prompt": "a\ud800b"},
            "turn 1 cannot be stored: it holds half of a surrogate pair, which is no character",
        ),
        ({"prompt": "a" * 32_001}, "the prompt is longer than 32,000 characters"),
    ],
)
def test_it_says_why_a_row_is_no_prompt(row: Any, reason: str) -> None:
    with pytest.raises(BadRow) as caught:
        parse_line(_line(row))
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"prompt": "a"', "not JSON: Expecting ',' delimiter at column 15"),
        (b'{"prompt": "\xff"}', "not UTF-8 (byte 13 of the line)"),
        (b"[" * 100_000, "not JSON that can be read: nested too deeply, or a number too long"),
        (b"9" * 10_000, "not JSON that can be read: nested too deeply, or a number too long"),
    ],
)
def test_it_says_why_a_line_cannot_be_read(line: bytes, reason: str) -> None:
    with pytest.raises(BadRow) as caught:
        parse_line(line)
    assert str(caught.value) == reason


def test_it_numbers_lines_and_drops_a_byte_order_mark() -> None:
    assert list(numbered_lines(io.BytesIO(b"\xef\xbb\xbfa\n\nb"), most=100)) == [
        (1, b"a\n"),
        (2, b"\n"),
        (3, b"b"),
    ]


def test_it_passes_over_a_line_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "MAX_LINE_BYTES", 4)
    assert list(numbered_lines(io.BytesIO(b"ab\n" + b"x" * 23 + b"\ncd\nyyyyyyyyyy"), most=100)) == [
        (1, b"ab\n"),
        (2, None),
        (3, b"cd\n"),
        (4, None),
    ]


def test_it_stops_reading_a_file_that_is_too_large() -> None:
    with pytest.raises(TooLarge, match="larger than 5 bytes"):
        list(numbered_lines(io.BytesIO(b"ab\ncd\nef\n"), most=5))
