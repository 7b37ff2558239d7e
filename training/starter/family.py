"""The families of requests: grammars kept as data in ``families/*.toml``, read and checked here."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

Tone = Literal["warm", "plain", "curt", "rude"]
TONES: tuple[Tone, ...] = ("warm", "plain", "curt", "rude")

NAMES = ("thanks", "apology", "invitation", "birthday", "courage", "reminder", "place", "story", "tip")
"""The order in which the corpus and the prompts deal the families."""

_HOME = Path(__file__).parent

Lines = tuple[str, ...]
"""Grammar templates (see :mod:`training.starter.grammar`), each a sentence or two."""


@dataclass(frozen=True)
class Family:
    """One kind of everyday request.

    ``requests`` phrase the prompt and name every slot. ``slots`` is the closed vocabulary: each value of
    each slot with the detail sentences that only it allows. ``core`` answers in each tone and names
    every slot; ``vague`` answers without naming them all. ``details`` fit any value. ``close`` ends the
    reply; an empty line there is no sentence.
    """

    name: str
    requests: Lines
    details: Lines
    core: Mapping[Tone, Lines]
    vague: Mapping[Tone, Lines]
    close: Mapping[Tone, Lines]
    slots: Mapping[str, Mapping[str, Lines]]


@lru_cache(maxsize=1)
def _shared() -> dict[str, Any]:
    return tomllib.loads((_HOME / "shared.toml").read_text(encoding="utf-8"))


def _tones(section: Mapping[str, list[str]]) -> dict[Tone, Lines]:
    return {tone: tuple(section[tone]) for tone in TONES}


def _values(groups: list[dict[str, Any]]) -> dict[str, Lines]:
    """One slot's values from its groups; a group has ``values`` or names a ``shared`` list."""
    return {
        value: tuple(group.get("details", ()))
        for group in groups
        for value in group.get("values") or _shared()["values"][group["shared"]]
    }


def load_family(name: str) -> Family:
    """Read ``families/NAME.toml``; raises ``KeyError`` when a section or tone is missing."""
    raw = tomllib.loads((_HOME / "families" / f"{name}.toml").read_text(encoding="utf-8"))
    return Family(
        name=name,
        requests=tuple(raw["requests"]),
        details=tuple(raw["details"]),
        core=_tones(raw["core"]),
        vague=_tones(raw["vague"]),
        close=_tones(raw["close"]),
        slots={slot: _values(groups) for slot, groups in raw["slots"].items()},
    )


@lru_cache(maxsize=1)
def families() -> tuple[Family, ...]:
    """Every family, in the order of ``NAMES``."""
    return tuple(load_family(name) for name in NAMES)


@lru_cache(maxsize=1)
def drift_lines() -> Lines:
    """Sentences that have nothing to do with any request."""
    return tuple(_shared()["off_topic"]["drift"])
