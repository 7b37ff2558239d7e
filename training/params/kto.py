"""The params of the kto stage."""

from __future__ import annotations

from dataclasses import dataclass

from training.params.declare import param
from training.params.sources import RankingParams


@dataclass(frozen=True)
class KtoParams(RankingParams):
    """The kto stage."""

    learning_rate: float = param(3e-3, "peak learning rate of AdamW where adapters are trained (job.lora)")
    full_learning_rate: float = param(4e-4, "peak learning rate of AdamW where every weight is trained")
    epochs: int = param(2, "passes over the data")
    beta: float = param(0.1, "strength of the pull to the reference")
    desirable_weight: float | None = param(
        None, "weight of desirable replies; unset, it is balanced against the undesirable ones"
    )
    undesirable_weight: float | None = param(
        None, "weight of undesirable replies; unset, it is balanced against the desirable ones"
    )
