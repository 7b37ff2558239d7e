"""The attributes a campaign asks of each completion: helpfulness from 1 to 5, tone out of a list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from annotate.errors import Invalid
from annotate.text import unstorable

MAX_ATTRIBUTES = 12
MAX_OPTIONS = 12
MAX_LEVELS = 10
MAX_WORDS = 80
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_KEYS = {
    "likert": {"name", "label", "kind", "required", "levels"},
    "choice": {"name", "label", "kind", "required", "options", "multiple"},
}

SCHEMA: dict[str, Any] = {
    "type": "array",
    "maxItems": MAX_ATTRIBUTES,
    "items": {
        "type": "object",
        "properties": {
            "name": {"type": "string", "pattern": f"^{_NAME.pattern}$"},
            "label": {"type": "string", "minLength": 1, "maxLength": MAX_WORDS},
            "kind": {"type": "string", "enum": list(_KEYS)},
            "required": {"type": "boolean", "default": False},
            "levels": {"type": "integer", "minimum": 2, "maximum": MAX_LEVELS},
            "options": {
                "type": "array",
                "items": {"type": "string", "minLength": 1, "maxLength": MAX_WORDS},
                "minItems": 2,
                "maxItems": MAX_OPTIONS,
            },
            "multiple": {"type": "boolean"},
        },
        "required": ["name", "label", "kind"],
        "additionalProperties": False,
    },
}


def whole_attributes(raw: list[Any], *, where: str) -> list[dict[str, Any]]:
    """The attributes with every key of their kind set; raises :class:`Invalid` naming the first wrong one.

    ``likert`` has ``levels`` (5 if it does not say), ``choice`` has ``options`` and ``multiple``.
    """
    if len(raw) > MAX_ATTRIBUTES:
        raise Invalid(f"{where} must be at most {MAX_ATTRIBUTES}; these are {len(raw)}.")
    attributes = [_whole(each, f"{where}[{place}]") for place, each in enumerate(raw)]
    names = [attribute["name"] for attribute in attributes]
    for name in names:
        if names.count(name) > 1:
            raise Invalid(f"{where} must have different names; {name} stands there twice.")
    return attributes


def answer_fault(attribute: Mapping[str, Any], value: Any) -> str | None:
    """What an answer to this attribute must be, or None if it is that."""
    if attribute["kind"] == "likert":
        whole = isinstance(value, int) and not isinstance(value, bool)
        fits = whole and 1 <= value <= attribute["levels"]
        return None if fits else f"a whole number from 1 to {attribute['levels']}"
    options = attribute["options"]
    if not attribute["multiple"]:
        fits = isinstance(value, str) and value in options
        return None if fits else f"one of {', '.join(options)}"
    listed = isinstance(value, list) and value and all(isinstance(each, str) for each in value)
    fits = listed and set(value) <= set(options) and len(set(value)) == len(value)
    return None if fits else f"a list of one or more of {', '.join(options)}, each once"


def are_words(value: Any, *, least: int, most: int) -> bool:
    """Whether this is a list of ``least`` to ``most`` different short texts that can be stored."""
    listed = isinstance(value, list) and least <= len(value) <= most
    return listed and all(is_wording(each) for each in value) and len(set(value)) == len(value)


def is_wording(value: Any) -> bool:
    """Whether this is a short text that can be stored and seen."""
    return (
        isinstance(value, str) and 0 < len(value.strip()) <= len(value) <= MAX_WORDS and not unstorable(value)
    )


def _whole(raw: Any, where: str) -> dict[str, Any]:
    kind = raw.get("kind") if isinstance(raw, dict) else None
    if not isinstance(kind, str) or kind not in _KEYS:
        raise Invalid(f"{where} must be an object whose kind is one of {', '.join(_KEYS)}.")
    unknown = sorted(str(key) for key in raw.keys() - _KEYS[kind])
    if unknown:
        raise Invalid(f"{where}.{unknown[0]} is not a setting of a {kind}.")
    defaults: dict[str, Any] = {"levels": 5} if kind == "likert" else {"multiple": False, "options": None}
    whole = {"required": False, **defaults, **raw}
    wrong = next((name for name in sorted(_KEYS[kind]) if not _accepts(name, whole.get(name))), None)
    if wrong:
        raise Invalid(f"{where}.{wrong} must be {_SAYS[wrong]}.")
    return whole


_SAYS = {
    "kind": "likert or choice",
    "label": f"a text of 1 to {MAX_WORDS} characters",
    "levels": f"a whole number from 2 to {MAX_LEVELS}",
    "multiple": "true or false",
    "name": "a short word of small letters, digits and underscores that begins with a letter",
    "options": f"a list of 2 to {MAX_OPTIONS} different texts of 1 to {MAX_WORDS} characters",
    "required": "true or false",
}


def _accepts(name: str, value: Any) -> bool:
    if name in ("multiple", "required"):
        return isinstance(value, bool)
    if name == "name":
        return isinstance(value, str) and _NAME.fullmatch(value) is not None
    if name == "label":
        return is_wording(value)
    if name == "options":
        return are_words(value, least=2, most=MAX_OPTIONS)
    return name == "kind" or (
        isinstance(value, int) and not isinstance(value, bool) and 2 <= value <= MAX_LEVELS
    )
