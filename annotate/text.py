"""What PostgreSQL can store as text."""

from __future__ import annotations


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
