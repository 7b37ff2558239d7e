"""What the ranking page asks of an annotator. What is off is not shown, and refused when it is sent."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

from annotate.campaigns import attributes as kinds
from annotate.campaigns.declared import Declared, Rule, choice, whole
from annotate.campaigns.declared import flag as switch  # `flag` is a setting here

REASONS = ["harmful", "personal data", "wrong language", "broken text", "other"]
MAX_REASONS = 12


def _attributes() -> dict[str, Rule]:
    return {"rule": Rule(lambda value: isinstance(value, list), "a list of attributes", kinds.SCHEMA)}


def _reasons() -> dict[str, Rule]:
    item = {"type": "string", "minLength": 1, "maxLength": kinds.MAX_WORDS}
    schema = {"type": "array", "items": item, "minItems": 1, "maxItems": MAX_REASONS}
    says = f"a list of 1 to {MAX_REASONS} different texts of 1 to {kinds.MAX_WORDS} characters"
    return {"rule": Rule(lambda value: kinds.are_words(value, least=1, most=MAX_REASONS), says, schema)}


@dataclass(frozen=True)
class Task(Declared):
    """About the comparison: whether a rationale is asked for, "all bad" can be ticked, it may be skipped.

    About each completion: whether it is safe (``required``: of every one), the campaign's own attributes, a
    thumb up or down (``beside`` the ranking, or ``instead`` of one), flags with a reason, and an edit into
    a better one. About the page: a view of word-level differences, one's agreement with others and
    with gold on one's own page, and after how many minutes of work it proposes a break (0: never).
    """

    rationale: Literal["off", "optional", "required"] = field(
        default="optional", metadata=choice("off", "optional", "required")
    )
    all_bad: bool = field(default=True, metadata=switch())
    skip: bool = field(default=True, metadata=switch())
    safety: Literal["off", "on", "required"] = field(default="off", metadata=choice("off", "on", "required"))
    attributes: list[dict[str, Any]] = field(default_factory=list, metadata=_attributes())
    thumbs: Literal["off", "beside", "instead"] = field(
        default="off", metadata=choice("off", "beside", "instead")
    )
    flag: bool = field(default=False, metadata=switch())
    flag_reasons: list[str] = field(default_factory=lambda: list(REASONS), metadata=_reasons())
    edit: bool = field(default=False, metadata=switch())
    difference: bool = field(default=False, metadata=switch())
    agreement_shown: bool = field(default=False, metadata=switch())
    show_gold: bool = field(default=False, metadata=switch())
    break_minutes: int = field(default=50, metadata=whole(0, 240))

    @classmethod
    def parse(cls, raw: Any, *, base: Self | None = None) -> Self:
        """As :meth:`Declared.parse`; each attribute is checked and made whole."""
        task = super().parse(raw, base=base)
        return replace(task, attributes=kinds.whole_attributes(task.attributes, where="task.attributes"))
