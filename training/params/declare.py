"""Declaring, checking and describing the hyper-parameters of a stage."""

from __future__ import annotations

import types
import typing
from dataclasses import Field, field, fields
from typing import Any, Literal, TypeVar

from training.contracts import ContractError

P = TypeVar("P")

MAY_BE_NEGATIVE = frozenset({"least_reward", "missing_eos_score"})


def param(default: Any, help_text: str) -> Any:
    return field(default=default, metadata={"help": help_text})


def parse_params(kind: type[P], raw: dict[str, Any]) -> P:
    """Build ``kind`` from ``job.params``; raises :class:`ContractError` naming what is unknown or wrong."""
    known: dict[str, Field] = {item.name: item for item in fields(kind)}  # type: ignore[arg-type]  # a dataclass
    unknown = sorted(set(raw) - set(known))
    if unknown:
        raise ContractError(f"Unknown params: {', '.join(unknown)}; known are {', '.join(sorted(known))}.")
    hints = typing.get_type_hints(kind)
    return kind(**{name: _checked(name, value, hints[name]) for name, value in raw.items()})


def _checked(name: str, value: Any, hint: Any) -> Any:
    if isinstance(hint, types.UnionType):
        if value is None and type(None) in typing.get_args(hint):
            return None
        hint = next(option for option in typing.get_args(hint) if option is not type(None))
    if typing.get_origin(hint) is Literal:
        if value in typing.get_args(hint):
            return value
        choices = ", ".join(map(repr, typing.get_args(hint)))
        raise ContractError(f"The param {name} is {value!r}; it must be one of {choices}.")
    if hint is str and isinstance(value, str):
        return value
    if hint is bool or isinstance(value, bool):
        if hint is bool and isinstance(value, bool):
            return value
    elif isinstance(value, int) or (hint is float and isinstance(value, float) and value == value):
        if value >= 0 or name in MAY_BE_NEGATIVE:
            return hint(value)
        raise ContractError(f"The param {name} is {value!r}; it must be at least 0.")
    raise ContractError(f"The param {name} is {value!r}; it must be of type {hint.__name__}.")


def describe_params(kind: type) -> str:
    """One line a param: name, default and meaning; the text of ``--help``."""
    lines = []
    for item in fields(kind):
        lines.append(f"    {item.name:<20} {item.default!s:<8} {item.metadata['help']}")
    return "\n".join(lines)
