"""Reading the rows of a file; whatever is wrong with one is said with the number of its line."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from training.contracts.errors import ContractError
from training.contracts.rows import (
    MAX_MARGIN,
    SOURCES,
    CompletionRow,
    DialogueRow,
    PromptRow,
    RankedCompletion,
    RankingRow,
)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        with path.open(encoding="utf-8") as handle:
            for number, line in enumerate(handle, start=1):
                if line.strip():
                    yield number, json.loads(line)
    except (OSError, ValueError) as problem:
        raise ContractError(f"The file {path} cannot be read: {problem}.") from problem


def _check_messages(path: Path, number: int, messages: Any) -> None:
    """Raise :class:`ContractError` unless ``messages`` are turns of text."""
    turns = messages if isinstance(messages, list) else []
    if not turns or not all(
        isinstance(turn, dict) and isinstance(turn.get("role"), str) and isinstance(turn.get("content"), str)
        for turn in turns
    ):
        raise ContractError(f"{path} line {number}: messages are turns of a role and a content, both text.")


def read_prompts(path: Path) -> list[PromptRow]:
    """Read a prompts file; raises :class:`ContractError` with the line number of a bad or repeated row."""
    rows: dict[str, PromptRow] = {}
    for number, raw in _rows(path):
        try:
            row = PromptRow(**raw)
        except TypeError as problem:
            raise ContractError(f"{path} line {number} is not a prompt row: {problem}.") from problem
        _check_messages(path, number, row.messages)
        if not isinstance(row.safety, bool):
            raise ContractError(f"{path} line {number}: safety is true or false.")
        if row.prompt_id in rows:
            raise ContractError(f"{path} line {number}: the prompt_id {row.prompt_id} has been there before.")
        rows[row.prompt_id] = row
    return list(rows.values())


def read_completions(path: Path) -> Iterator[CompletionRow]:
    """Stream a completions file; raises :class:`ContractError` with the line number of a bad row."""
    for number, raw in _rows(path):
        try:
            yield CompletionRow(**raw)
        except TypeError as problem:
            raise ContractError(f"{path} line {number} is not a completion row: {problem}.") from problem


def read_dialogues(path: Path) -> list[DialogueRow]:
    """Read a dialogues file; raises :class:`ContractError` with the line number of a bad row."""
    rows = []
    for number, raw in _rows(path):
        try:
            row = DialogueRow(**raw)
        except TypeError as problem:
            raise ContractError(f"{path} line {number} is not a dialogue row: {problem}.") from problem
        _check_messages(path, number, row.messages)
        if len(row.messages) < 2 or row.messages[-1]["role"] != "assistant":
            raise ContractError(f"{path} line {number}: a dialogue ends in an assistant turn after others.")
        if not math.isfinite(row.weight) or row.weight < 0:
            raise ContractError(f"{path} line {number}: a weight is a finite number, at least 0.")
        rows.append(row)
    return rows


def read_rankings(path: Path) -> list[RankingRow]:
    """Read a rankings file; raises :class:`ContractError` with the line number of a bad row."""
    rows = []
    for number, raw in _rows(path):
        try:
            raw["completions"] = [RankedCompletion(**item) for item in raw["completions"]]
            row = RankingRow(**raw)
        except (TypeError, KeyError) as problem:
            raise ContractError(f"{path} line {number} is not a ranking row: {problem}.") from problem
        _check_messages(path, number, row.messages)
        if len(row.gaps) != len(row.completions) - 1 or len(row.completions) < 2:
            raise ContractError(f"{path} line {number}: K completions need K - 1 gaps, and K at least 2.")
        if any(gap is not None and not 0 <= gap <= MAX_MARGIN for gap in row.gaps):
            raise ContractError(f"{path} line {number}: a gap is 0 to {MAX_MARGIN} or null.")
        if any(item.safe not in (True, False, None) for item in row.completions):
            raise ContractError(f"{path} line {number}: safe is true, false or null.")
        if row.source not in SOURCES:
            raise ContractError(f"{path} line {number}: a source is one of {', '.join(SOURCES)}.")
        if not math.isfinite(row.weight) or row.weight < 0:
            raise ContractError(f"{path} line {number}: a weight is a finite number, at least 0.")
        rows.append(row)
    return rows
