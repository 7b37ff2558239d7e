"""How a round is run. A campaign holds the defaults; a round may override any of them when launched."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

from annotate.campaigns.declared import Declared, choice, flag, number, numbers, parameters, whole

MAX_K = 9


@dataclass(frozen=True)
class Recipe(Declared):
    """Everything that a round is told. The round keeps its own copy, so later edits do not reach it.

    ``comparisons`` prompts are each answered ``k`` times and ranked by ``overlap`` people;
    ``heldout_share`` of them come from the held-out split and only measure the reward model.
    ``temperatures`` are dealt to the K replies in turn. ``params`` go to the stages unread.
    """

    k: int = field(default=4, metadata=whole(2, MAX_K))
    comparisons: int = field(default=150, metadata=whole(1, 100_000))
    overlap: int = field(default=1, metadata=whole(1, 50))
    heldout_share: float = field(default=0.1, metadata=number(0, 0.5))
    temperatures: list[float] = field(default_factory=lambda: [1.0], metadata=numbers(0, 5, most=MAX_K))
    top_p: float = field(default=1.0, metadata=number(0.01, 1))
    max_new_tokens: int = field(default=96, metadata=whole(1, 8192))
    method: Literal["dpo"] = field(default="dpo", metadata=choice("dpo"))
    lora: bool = field(default=True, metadata=flag())
    seed: int = field(default=0, metadata=whole(0, 2**31 - 1))
    params: dict[str, dict[str, Any]] = field(
        default_factory=dict, metadata=parameters("reward", "dpo", "evaluate")
    )

    @classmethod
    def parse(cls, raw: Any, *, base: Self | None = None) -> Self:
        """As :meth:`Declared.parse`; ``params`` of a stage are laid over the base's one by one."""
        recipe = super().parse(raw, base=base)
        below = base.params if base is not None else {}
        stages = below.keys() | recipe.params.keys()
        merged = {stage: below.get(stage, {}) | recipe.params.get(stage, {}) for stage in sorted(stages)}
        return replace(recipe, params=merged)

    @property
    def heldout_comparisons(self) -> int:
        """How many of the comparisons come from held-out prompts."""
        return round(self.comparisons * self.heldout_share)
