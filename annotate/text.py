"""What PostgreSQL can store as text."""

from __future__ import annotations


def unstorable(text: str) -> str | None:
    """Why this text cannot be stored (a NUL character or half a surrogate pair), or None if it can."""
    if "\x00" in text:
        return "it holds a NUL character"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "it holds half of a surrogate pair, which is no character"
    return None
