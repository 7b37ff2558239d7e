"""Benchmark files of prompt, chosen and rejected, as RewardBench, LLMBar and HH-RLHF have them."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.contracts import ContractError, Message

TURN = re.compile(r"\n\n(Human|Assistant): ?")
"""What opens a turn of a transcript as HH-RLHF writes them."""
ROLES = {"Human": "user", "Assistant": "assistant"}


@dataclass(frozen=True)
class Contest:
    """A prompt with replies to it: all of ``chosen`` are better than all of ``rejected``.

    ``row`` is its place in the file, from 1; ``subset`` is empty where the file has no such column.
    """

    row: int
    messages: list[Message]
    chosen: list[str]
    rejected: list[str]
    subset: str = ""


def read_benchmark(path: Path) -> list[Contest]:
    """Read a .jsonl, .json (one list), .parquet file or a .gz of the first two.

    A row has ``chosen`` and ``rejected``: each the text of a reply, a list of such texts, a conversation
    that ends in the reply, or a transcript of ``Human:`` and ``Assistant:`` turns. A reply may be empty.
    The ``prompt`` is text or messages, and may be left out where a side is a conversation or a transcript.
    ``subset`` is optional; other columns are passed over. Raises :class:`ContractError` naming the file and
    the row that is wrong.
    """
    contests = []
    for number, raw in enumerate(_rows(path), start=1):
        try:
            contests.append(_contest(number, raw))
        except ValueError as problem:
            raise ContractError(f"{path} row {number}: {problem}.") from problem
    if not contests:
        raise ContractError(f"The benchmark {path} holds no row.")
    return contests


def _rows(path: Path) -> Iterator[Any]:
    names = [suffix.lower() for suffix in path.suffixes]
    kind = next((name for name in reversed(names) if name != ".gz"), "")
    if kind not in (".jsonl", ".json", ".parquet"):
        raise ContractError(f"The benchmark {path} is not a .jsonl, .json or .parquet file.")
    try:
        if kind == ".parquet":
            yield from _parquet_rows(path)
            return
        opener = gzip.open if names[-1] == ".gz" else open
        with opener(path, "rt", encoding="utf-8") as handle:
            if kind == ".json":
                rows = json.load(handle)
                yield from rows if isinstance(rows, list) else [rows]
            else:
                yield from (json.loads(line) for line in handle if line.strip())
    except (OSError, ValueError, EOFError, zlib.error) as problem:
        raise ContractError(f"The benchmark {path} cannot be read: {problem}.") from problem


def _parquet_rows(path: Path) -> Iterator[Any]:
    try:
        from pyarrow import parquet  # noqa: PLC0415 - 170 MB that only this needs, so it is no requirement
    except ImportError as problem:
        raise ContractError(
            f"The benchmark {path} is Parquet, which pyarrow reads: pip install pyarrow, or give JSON lines."
        ) from problem
    for batch in parquet.ParquetFile(path).iter_batches():
        yield from batch.to_pylist()


def _contest(number: int, raw: Any) -> Contest:
    """Raises ValueError with a clause that says what is wrong."""
    if not isinstance(raw, dict):
        raise ValueError("it is no object")
    chosen_prompt, chosen = _side(raw.get("chosen"), "chosen")
    rejected_prompt, rejected = _side(raw.get("rejected"), "rejected")
    if chosen_prompt and rejected_prompt and chosen_prompt != rejected_prompt:
        raise ValueError("chosen and rejected answer different conversations")
    messages = chosen_prompt or rejected_prompt or _prompt(raw.get("prompt"))
    return Contest(number, messages, chosen, rejected, str(raw.get("subset") or ""))


def _prompt(value: Any) -> list[Message]:
    if isinstance(value, str) and value.strip():
        return _transcript(value) if TURN.match(value) else [Message(role="user", content=value)]
    if isinstance(value, list) and value:
        return _messages(value, "prompt")
    raise ValueError("it has no prompt")


def _side(value: Any, side: str) -> tuple[list[Message], list[str]]:
    """The conversation that one side holds (none where it is only a reply), and its replies."""
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return [], value
    if isinstance(value, str):
        if not TURN.match(value):
            return [], [value]
        turns = _transcript(value)
    elif isinstance(value, list) and value:
        turns = _messages(value, side)
    else:
        raise ValueError(f"{side} is neither text, texts nor messages")
    if turns[-1]["role"] != "assistant":
        raise ValueError(f"{side} does not end in a reply of the assistant")
    return turns[:-1], [turns[-1]["content"]]


def _messages(value: list[Any], name: str) -> list[Message]:
    if not all(
        isinstance(turn, dict) and isinstance(turn.get("role"), str) and isinstance(turn.get("content"), str)
        for turn in value
    ):
        raise ValueError(f"{name} has a turn without a role and a content, both text")
    return [Message(role=turn["role"], content=turn["content"]) for turn in value]


def _transcript(text: str) -> list[Message]:
    _, *parts = TURN.split(text)
    return [
        Message(role=ROLES[speaker], content=content.strip())
        for speaker, content in zip(parts[::2], parts[1::2], strict=True)
    ]
