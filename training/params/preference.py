"""The params of the stages that learn from rankings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from training.params.declare import param
from training.params.loop import LoopParams
from training.params.sources import RankingParams


@dataclass(frozen=True)
class RewardParams(RankingParams):
    """The reward stage."""

    learning_rate: float = param(3e-3, "peak learning rate of AdamW where adapters are trained (job.lora)")
    full_learning_rate: float = param(1e-3, "peak learning rate of AdamW where every weight is trained")
    batch_prompts: int = param(8, "prompts an optimiser step, each with all of its replies")
    loss: Literal["bradley_terry", "scaled", "plackett_luce"] = param(
        "bradley_terry",
        "bradley_terry (with the margin), scaled (weighed by level) or plackett_luce (whole ranking)",
    )
    centering: float = param(
        0.0, "weight of (chosen + rejected)^2, which keeps scores around 0; 0.01 is usual"
    )
    margin: Literal["none", "small", "large"] = param(
        "small", "margin inside the loss by level 0 to 3: none; small 0, 1/3, 2/3, 1; large 0, 1, 2, 3"
    )
    reduction: Literal["prompts", "pairs"] = param(
        "prompts", "mean over prompts (each ranking counts once) or over pairs (long rankings count more)"
    )
    members: int = param(
        1, "models whose scores are combined: adapters on one base (job.lora), else heads on one trunk"
    )
    resample: bool = param(
        True, "whether each of several members learns from its own draw of the rankings, with replacement"
    )
    combine: Literal["mean", "minimum", "uncertainty"] = param(
        "mean", "one score of several members: mean, minimum, or uncertainty (mean - penalty * variance)"
    )
    penalty: float = param(0.5, "what the variance of the members costs, where combine is uncertainty")


@dataclass(frozen=True)
class SafetyParams(RewardParams):
    """The safety stage."""

    safety_weight: float = param(
        1.0, "weight of the loss that tells replies called unsafe from those called safe"
    )
    helpful_share: float = param(
        0.1, "part of what is learnt that is drawn from rankings without a reply called unsafe, below 1"
    )


@dataclass(frozen=True)
class PairLossParams(LoopParams):
    """What every stage has that holds pairs against the policy that the round started from."""

    learning_rate: float = param(3e-3, "peak learning rate of AdamW where adapters are trained (job.lora)")
    full_learning_rate: float = param(4e-4, "peak learning rate of AdamW where every weight is trained")
    loss: Literal["sigmoid", "sigmoid_norm", "cdpo", "robust", "ipo", "odpo", "simpo"] = param(
        "sigmoid",
        "sigmoid, sigmoid_norm (per token), cdpo, robust, ipo (per token), odpo or simpo (per token)",
    )
    beta: float = param(
        0.1, "strength of the pull to the reference; about 50 times more for losses per token"
    )
    anchor: float = param(
        0.2, "weight of the best reply's own loss, nats a token, which keeps the text fluent"
    )
    flipped: float = param(0.1, "rate of wrong labels that cdpo and robust assume, below 0.5")
    offset: float = param(1.0, "odpo: factor on the small margins, the offset of each pair")
    gamma: float = param(0.5, "simpo: the margin that is asked of each pair")
    margin_weight: float = param(1.0, "a pair of level m weighs 1 + this times m within its ranking")
    reduction: Literal["prompts", "pairs"] = param(
        "prompts", "mean over prompts (each ranking counts once) or over pairs (long rankings count more)"
    )
    batch_rows: int = param(256, "replies decoded at once; lower it when memory is short")


@dataclass(frozen=True)
class DpoParams(PairLossParams, RankingParams):
    """The dpo stage."""

    epochs: int = param(2, "passes over the data")
    silver_k: int = param(
        8, "replies drawn to each prompt of the job and ranked by its reward model, if it has both"
    )


@dataclass(frozen=True)
class OnlineParams(PairLossParams):
    """The online stage."""

    epochs: int = param(1, "passes over the prompts, each with fresh replies")
    k: int = param(8, "replies drawn to each prompt, at least 2; the best and the worst make the pair")
    steps_per_draw: int = param(
        1, "optimiser steps on the replies of one draw, which is to batch_prompts prompts a step"
    )
    refresh_every: int = param(
        0, "draws after which the reward model learns what is new in job.rankings (D2PO); 0 never"
    )
    refresh_rankings: int = param(0, "new rankings it learns each time, at most; 0 all there are")
    refresh_epochs: int = param(1, "passes over them")
    refresh_rate: float = param(2e-4, "peak learning rate of the reward model then, all of its weights")
