"""How a round is run. A campaign holds the defaults; a round may override any of them when launched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

from django.conf import settings

from annotate.campaigns.declared import (
    Declared,
    choice,
    different,
    flag,
    number,
    numbers,
    parameters,
    whole,
)
from annotate.errors import Invalid
from training.contracts import Stage

MAX_K = 9
METHODS: Mapping[str, Stage] = {
    "sft": "sft",
    "rejection_sampling": "rejection",
    "dpo": "dpo",
    "kto": "kto",
    "online_dpo": "online",
    "ppo": "ppo",
    "rloo": "rloo",
}
"""The ways to train a policy, and the stage that each is."""


@dataclass(frozen=True)
class Recipe(Declared):
    """Everything that a round is told. The round keeps its own copy, so later edits do not reach it.

    ``comparisons`` prompts are each answered ``k`` times and ranked by ``overlap`` people;
    ``heldout_share`` of them come from the held-out split and only measure the reward model.
    ``temperatures`` are dealt to the K replies in turn. ``method`` lists how the policy is trained: each
    method starts where the one before it ended, and all are held to the policy that the round started from.
    ``policy_prompts`` is how many prompts the policy answers anew where a method learns from fresh replies.
    ``judge`` is a language model that ranks the round's train comparisons too: the round's policy, or the
    model that the server's operator has named. ``safety`` asks for a second reward model, of what people said
    of each reply's safety, which scores replies together with the first. ``params`` go to the stages unread.
    """

    k: int = field(default=4, metadata=whole(2, MAX_K))
    comparisons: int = field(default=150, metadata=whole(1, 100_000))
    overlap: int = field(default=1, metadata=whole(1, 50))
    heldout_share: float = field(default=0.1, metadata=number(0, 0.5))
    temperatures: list[float] = field(default_factory=lambda: [1.0], metadata=numbers(0, 5, most=MAX_K))
    top_p: float = field(default=1.0, metadata=number(0.01, 1))
    max_new_tokens: int = field(default=96, metadata=whole(1, 8192))
    method: list[str] = field(default_factory=lambda: ["dpo"], metadata=different(*METHODS))
    policy_prompts: int = field(default=300, metadata=whole(1, 100_000))
    judge: Literal["off", "policy", "endpoint"] = field(
        default="off", metadata=choice("off", "policy", "endpoint")
    )
    safety: bool = field(default=False, metadata=flag())
    lora: bool = field(default=True, metadata=flag())
    seed: int = field(default=0, metadata=whole(0, 2**31 - 1))
    params: dict[str, dict[str, Any]] = field(
        default_factory=dict, metadata=parameters("judge", "reward", "safety", *METHODS.values(), "evaluate")
    )

    @classmethod
    def parse(cls, raw: Any, *, base: Self | None = None) -> Self:
        """As :meth:`Declared.parse`; ``params`` of a stage are laid over the base's one by one.

        One method may be given by its name alone, as recipes were written before there were several.
        """
        if isinstance(raw, dict) and isinstance(raw.get("method"), str):
            raw = {**raw, "method": [raw["method"]]}
        recipe = super().parse(raw, base=base)
        below = base.params if base is not None else {}
        stages = below.keys() | recipe.params.keys()
        merged = {stage: below.get(stage, {}) | recipe.params.get(stage, {}) for stage in sorted(stages)}
        return replace(recipe, params=merged)

    @property
    def reward_stages(self) -> list[Stage]:
        """The stages that end in what scores replies, in order."""
        judge: list[Stage] = [] if self.judge == "off" else ["judge"]
        safety: list[Stage] = ["safety"] if self.safety else []
        return [*judge, "reward", *safety]

    @property
    def policy_stages(self) -> list[Stage]:
        """The stages that train the policy, in order."""
        return [METHODS[method] for method in self.method]

    @property
    def heldout_comparisons(self) -> int:
        """How many of the comparisons come from held-out prompts."""
        return round(self.comparisons * self.heldout_share)


def require_judge(recipe: Recipe) -> None:
    """Raise :class:`Invalid` where the recipe asks a judge that the operator of this server has not named."""
    if recipe.judge == "endpoint" and not (settings.JUDGE_URL and settings.JUDGE_MODEL):
        raise Invalid(
            "recipe.judge must be off or policy: this server knows no judge. Whoever operates it can set "
            "JUDGE_URL and JUDGE_MODEL."
        )
