"""Settings that declare themselves: one typed dataclass gives the defaults, the checks and the API schema.

A field says what it accepts in its metadata (``field(default=4, metadata=whole(2, 9))``). From that come
:meth:`Declared.parse`, whose refusals name the field and say what it takes, and :func:`openapi`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

from annotate.errors import Invalid
from annotate.text import unstorable


@dataclass(frozen=True)
class Rule:
    """What one field accepts: a test, the words for a person, and the same as an OpenAPI schema."""

    accepts: Callable[[Any], bool]
    says: str
    schema: dict[str, Any]


def _is_whole(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_number(value: Any, low: float, high: float) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and low <= value <= high


def whole(low: int, high: int) -> dict[str, Rule]:
    """A whole number from ``low`` to ``high``."""
    schema = {"type": "integer", "minimum": low, "maximum": high}
    return {"rule": Rule(lambda v: _is_whole(v, low, high), f"a whole number from {low} to {high}", schema)}


def number(low: float, high: float) -> dict[str, Rule]:
    """A finite number from ``low`` to ``high``."""
    schema = {"type": "number", "minimum": low, "maximum": high}
    return {"rule": Rule(lambda v: _is_number(v, low, high), f"a number from {low} to {high}", schema)}


def numbers(low: float, high: float, *, most: int) -> dict[str, Rule]:
    """One to ``most`` numbers, each from ``low`` to ``high``."""

    def accepts(value: Any) -> bool:
        listed = isinstance(value, list) and 1 <= len(value) <= most
        return listed and all(_is_number(item, low, high) for item in value)

    item = {"type": "number", "minimum": low, "maximum": high}
    schema = {"type": "array", "items": item, "minItems": 1, "maxItems": most}
    return {"rule": Rule(accepts, f"a list of 1 to {most} numbers from {low} to {high}", schema)}


def flag() -> dict[str, Rule]:
    """True or false."""
    return {"rule": Rule(lambda v: isinstance(v, bool), "true or false", {"type": "boolean"})}


def choice(*values: str) -> dict[str, Rule]:
    """One of ``values``."""
    schema = {"type": "string", "enum": list(values)}
    return {"rule": Rule(lambda v: isinstance(v, str) and v in values, f"one of {', '.join(values)}", schema)}


def different(*values: str) -> dict[str, Rule]:
    """One or more of ``values``, in an order of one's own, none of them twice."""

    def accepts(value: Any) -> bool:
        listed = isinstance(value, list) and all(isinstance(item, str) for item in value)
        return listed and 1 <= len(value) == len(set(value)) and set(value) <= set(values)

    item = {"type": "string", "enum": list(values)}
    schema = {"type": "array", "items": item, "minItems": 1, "uniqueItems": True}
    return {"rule": Rule(accepts, f"one or more of {', '.join(values)}, each at most once", schema)}


def parameters(*stages: str) -> dict[str, Rule]:
    """An object of objects: for each of ``stages`` the hyper-parameters that the stage itself checks."""

    def accepts(value: Any) -> bool:
        text = json.dumps(value, ensure_ascii=False)
        if not isinstance(value, dict) or "\\u0000" in text or unstorable(text):
            return False
        return all(key in stages and isinstance(inner, dict) for key, inner in value.items())

    inner = {"type": "object", "additionalProperties": {}}
    schema = {"type": "object", "properties": dict.fromkeys(stages, inner)}
    return {"rule": Rule(accepts, f"an object with parameters for {', '.join(stages)}", schema)}


@dataclass(frozen=True)
class Declared:
    """The base of a frozen dataclass whose every field carries a :class:`Rule`."""

    @classmethod
    def parse(cls, raw: Any, *, base: Self | None = None) -> Self:
        """Check ``raw`` (a JSON object) and lay it over ``base``, or over the defaults.

        Raises :class:`Invalid` with one sentence that names the first field that is unknown or wrong.
        """
        name = cls.__name__.lower()
        if not isinstance(raw, dict):
            raise Invalid(f"{name} must be an object.")
        known = {field.name: field.metadata["rule"] for field in fields(cls)}
        for key, value in raw.items():
            if key not in known:
                raise Invalid(f"{name}.{key} is not a setting; there are {', '.join(known)}.")
            if not known[key].accepts(value):
                raise Invalid(f"{name}.{key} must be {known[key].says}.")
        return replace(base if base is not None else cls(), **raw)

    def as_dict(self) -> dict[str, Any]:
        """These settings as a JSON object."""
        return asdict(self)


def openapi(cls: type[Declared]) -> dict[str, Any]:
    """The JSON schema of these settings, defaults included."""
    defaults = cls().as_dict()
    properties = {
        field.name: {**field.metadata["rule"].schema, "default": defaults[field.name]}
        for field in fields(cls)
    }
    return {"type": "object", "properties": properties, "additionalProperties": False}
