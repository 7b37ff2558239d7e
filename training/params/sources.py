"""What a ranking counts for, by who made it."""

from __future__ import annotations

from dataclasses import dataclass

from training.params.declare import param
from training.params.loop import LoopParams


@dataclass(frozen=True)
class RankingParams(LoopParams):
    """What every stage has that learns from rankings: how much each source of them weighs."""

    human_weight: float = param(1.0, "weight of a ranking by a person")
    judge_weight: float = param(0.5, "weight of a ranking by a language model (source judge)")
    silver_weight: float = param(0.5, "weight of a ranking by the reward model (source reward_model)")

    def weight_of(self, source: str) -> float:
        """What multiplies the own weight of a ranking of this source, one of ``contracts.SOURCES``."""
        return {
            "human": self.human_weight,
            "judge": self.judge_weight,
            "reward_model": self.silver_weight,
        }[source]
