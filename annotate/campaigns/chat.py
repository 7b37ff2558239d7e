"""How a chat campaign talks: who writes the replies, how long a conversation and a message may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from django.conf import settings

from annotate.campaigns.declared import Declared, Rule, whole
from annotate.campaigns.recipe import MAX_K
from annotate.errors import Invalid
from annotate.text import unstorable

MAX_TURNS = 50
MAX_CHARS = 16_000
MAX_NAME = 500
_KEYS = {
    "champion": {"from"},
    "checkpoint": {"from", "checkpoint"},
    "endpoint": {"from", "url", "model"},
}
_TEXT = {"type": "string", "minLength": 1, "maxLength": MAX_NAME}
SOURCES_SCHEMA: dict[str, Any] = {
    "type": "array",
    "minItems": 1,
    "maxItems": MAX_K,
    "items": {
        "type": "object",
        "properties": {
            "from": {"type": "string", "enum": list(_KEYS)},
            "checkpoint": {"type": "integer", "minimum": 1},
            "url": _TEXT,
            "model": _TEXT,
        },
        "required": ["from"],
        "additionalProperties": False,
    },
}


def _sources() -> dict[str, Rule]:
    return {"rule": Rule(lambda value: isinstance(value, list), "a list of sources", SOURCES_SCHEMA)}


@dataclass(frozen=True)
class Chat(Declared):
    """The replies of a turn are dealt to the ``sources`` in turn, as the recipe's temperatures are.

    A source is the champion, another policy of the campaign by its number (``checkpoint``), or a ``model``
    of an OpenAI-compatible server (``endpoint``, its base ``url``). A conversation has at most ``turns``
    messages of the annotator, each of ``prompt_min`` to ``prompt_max`` characters.
    """

    turns: int = field(default=6, metadata=whole(1, MAX_TURNS))
    prompt_min: int = field(default=1, metadata=whole(1, MAX_CHARS))
    prompt_max: int = field(default=4_000, metadata=whole(1, MAX_CHARS))
    sources: list[dict[str, Any]] = field(default_factory=lambda: [{"from": "champion"}], metadata=_sources())

    @classmethod
    def parse(cls, raw: Any, *, base: Self | None = None) -> Self:
        """As :meth:`Declared.parse`; each source is checked."""
        chat = super().parse(raw, base=base)
        if chat.prompt_min > chat.prompt_max:
            raise Invalid(f"chat.prompt_min must be at most chat.prompt_max, which is {chat.prompt_max}.")
        if not 1 <= len(chat.sources) <= MAX_K:
            raise Invalid(f"chat.sources must be 1 to {MAX_K} sources.")
        checked = [_source(each, f"chat.sources[{place}]") for place, each in enumerate(chat.sources)]
        return replace(chat, sources=checked)


def require_known_servers(chat: Chat) -> None:
    """Raise :class:`Invalid` for a server that the operator has not named.

    Whoever runs rounds chooses among the servers of the environment: they could otherwise make this machine
    ask any address, and send its key there.
    """
    for source in chat.sources:
        if source["from"] == "endpoint" and source["url"] not in settings.CHAT_ENDPOINTS:
            known = ", ".join(settings.CHAT_ENDPOINTS) or "none so far"
            raise Invalid(
                f"The server {source['url'][:200]} is not one that CHAT_ENDPOINTS names on this machine "
                f"(it names {known}): ask whoever operates it to add it."
            )


def _source(raw: Any, where: str) -> dict[str, Any]:
    kind = raw.get("from") if isinstance(raw, dict) else None
    if not isinstance(kind, str) or kind not in _KEYS:
        raise Invalid(f'{where} must be an object whose "from" is one of {", ".join(_KEYS)}.')
    if raw.keys() != _KEYS[kind]:
        raise Invalid(f"{where} must have just {' and '.join(sorted(_KEYS[kind]))}.")
    wrong = next((key for key in sorted(_KEYS[kind]) if not _accepts(key, raw)), None)
    if wrong:
        raise Invalid(f"{where}.{wrong} must be {_SAYS[wrong]}.")
    return dict(raw)


_SAYS = {
    "checkpoint": "the number of a checkpoint",
    "url": "the base address of a server, as in http://gpu1:8000/v1",
    "model": f"a name of 1 to {MAX_NAME} characters",
}


def _accepts(key: str, raw: Mapping[str, Any]) -> bool:
    value = raw[key]
    if key == "checkpoint":
        return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63
    if (
        not isinstance(value, str)
        or not 0 < len(value.strip()) <= len(value) <= MAX_NAME
        or unstorable(value)
    ):
        return False
    return key != "url" or value.startswith(("http://", "https://"))
