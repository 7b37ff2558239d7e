"""What the ranking page asks of an annotator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from annotate.campaigns.declared import Declared, choice, flag


@dataclass(frozen=True)
class Task(Declared):
    """Whether a rationale is asked for, "all bad" can be ticked, and a comparison may be skipped."""

    rationale: Literal["off", "optional", "required"] = field(
        default="optional", metadata=choice("off", "optional", "required")
    )
    all_bad: bool = field(default=True, metadata=flag())
    skip: bool = field(default=True, metadata=flag())
