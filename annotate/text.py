"""What PostgreSQL can store as text, and as JSON."""

from __future__ import annotations

import math
from typing import Any


def storable(text: str) -> str:
    """The text with every character that cannot be stored replaced by U+FFFD, as for ``unstorable``."""
    return "".join("\ufffd" if c == "\x00" or "\ud800" <= c <= "\udfff" else c for c in text)


def unstorable(text: str) -> str | None:
    """Why this text cannot be stored (a NUL character or half a surrogate pair), or None if it can."""
    if "\x00" in text:
        return "it holds a NUL character"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "it holds half of a surrogate pair, which is no character"
    return None


def unstorable_json(value: Any, *, depth: int) -> str | None:
    """Why this parsed JSON cannot be stored, or None if it can; it may be nested ``depth`` deep."""
    if isinstance(value, str):
        return unstorable(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "it holds a number that is not finite"
    if isinstance(value, dict | list):
        if depth == 0:
            return "it is nested too deeply"
        inner = [*value, *value.values()] if isinstance(value, dict) else value
        return next((fault for each in inner if (fault := unstorable_json(each, depth=depth - 1))), None)
    return None
