"""Reading an uploaded prompt file: every line is hostile until it has become a conversation.

A row is ``{"prompt": "text"}`` or ``{"messages": [{"role", "content"}, ...]}``, with an optional ``split``
(``train`` or ``heldout``), an optional ``safety`` (true of a prompt that is about safety) and an optional
``id``. Other keys are ignored; blank lines are skipped.
"""

from __future__ import annotations

import codecs
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from annotate.errors import TooLarge
from annotate.prompts.models import Split
from annotate.text import unstorable
from training.contracts import Message

MAX_PROMPT_CHARS = 32_000
MAX_TURNS = 200
MAX_ID_CHARS = 200
# A character takes at most 12 bytes (an escaped surrogate pair); the rest is room for the keys.
MAX_LINE_BYTES = 12 * MAX_PROMPT_CHARS + 65_536


@dataclass(frozen=True)
class ParsedPrompt:
    """One good row. ``split`` is empty where the file leaves it to the hash."""

    messages: list[Message]
    split: str
    external_id: str
    safety: bool = False

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical messages: what makes two prompts the same."""
        canonical = json.dumps(self.messages, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


class BadRow(ValueError):
    """Why one line is no prompt; the message is for a person."""


def numbered_lines(stream: BinaryIO, *, most: int) -> Iterator[tuple[int, bytes | None]]:
    """Each line with its number from 1; None in place of a line longer than ``MAX_LINE_BYTES``.

    Reads a bounded piece at a time, so that a file without line ends does not fill the memory. Raises
    :class:`TooLarge` beyond ``most`` bytes in all.
    """
    number = size = 0
    line: bytes | None = b""
    while piece := stream.readline(MAX_LINE_BYTES + 1):
        size += len(piece)
        if size > most:
            raise TooLarge(f"The file is larger than {most:,} bytes; split it and import the parts.")
        line = None if line is None or len(piece) > MAX_LINE_BYTES else piece
        if piece.endswith(b"\n") or line is not None:
            number += 1
            yield number, line.removeprefix(codecs.BOM_UTF8) if number == 1 and line else line
            line = b""
    if line is None:
        yield number + 1, None


def parse_line(line: bytes | None) -> ParsedPrompt:
    """The prompt that a line holds; raises :class:`BadRow`."""
    if line is None:
        raise BadRow(f"the line is longer than {MAX_LINE_BYTES:,} bytes")
    try:
        row = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as problem:
        raise BadRow(f"not UTF-8 (byte {problem.start + 1} of the line)") from problem
    except json.JSONDecodeError as problem:
        raise BadRow(f"not JSON: {problem.msg} at column {problem.colno}") from problem
    except (ValueError, RecursionError) as problem:
        raise BadRow("not JSON that can be read: nested too deeply, or a number too long") from problem
    if not isinstance(row, dict):
        raise BadRow('a row must be an object with "prompt" or "messages"')
    return ParsedPrompt(
        messages=_conversation(row), split=_split(row), external_id=_external_id(row), safety=_safety(row)
    )


def _conversation(row: dict[str, Any]) -> list[Message]:
    if ("prompt" in row) == ("messages" in row):
        raise BadRow('give either "prompt" or "messages"')
    turns = [{"role": "user", "content": row["prompt"]}] if "prompt" in row else row["messages"]
    if not isinstance(turns, list) or not 1 <= len(turns) <= MAX_TURNS:
        raise BadRow(f'"messages" must be a list of 1 to {MAX_TURNS} turns')
    messages = [_message(turn, place) for place, turn in enumerate(turns, start=1)]
    if sum(len(message["content"]) for message in messages) > MAX_PROMPT_CHARS:
        raise BadRow(f"the prompt is longer than {MAX_PROMPT_CHARS:,} characters")
    roles = [message["role"] for message in messages]
    dialogue = roles[1:] if roles[0] == "system" else roles
    if not dialogue or dialogue[-1] != "user":
        raise BadRow("the conversation must end in a user turn")
    expected = ["user", "assistant"] * len(dialogue)
    if dialogue != expected[: len(dialogue)]:
        raise BadRow("after an optional system turn, user and assistant must take turns, user first")
    return messages


def _message(turn: Any, place: int) -> Message:
    if not isinstance(turn, dict) or turn.get("role") not in ("system", "user", "assistant"):
        raise BadRow(f"turn {place} must be an object whose role is system, user or assistant")
    content = turn.get("content")
    if not isinstance(content, str) or not content.strip():
        raise BadRow(f"turn {place} must have a text that is not empty")
    if reason := unstorable(content):
        raise BadRow(f"turn {place} cannot be stored: {reason}")
    return {"role": turn["role"], "content": content}


def _split(row: dict[str, Any]) -> str:
    split = row.get("split")
    if split is None:
        return ""
    if split not in Split.values:
        raise BadRow(f'"split" must be {" or ".join(Split.values)}')
    return str(split)


def _safety(row: dict[str, Any]) -> bool:
    safety = row.get("safety")
    if safety is not None and not isinstance(safety, bool):
        raise BadRow('"safety" must be true or false')
    return bool(safety)


def _external_id(row: dict[str, Any]) -> str:
    value = row.get("id")
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadRow('"id" must be a text or a whole number')
    text = str(value)
    if len(text) > MAX_ID_CHARS or unstorable(text):
        raise BadRow(f'"id" must have at most {MAX_ID_CHARS} ordinary characters')
    return text
