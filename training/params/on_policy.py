"""The params of the stages that learn from scores of their own samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from training.params.declare import param
from training.params.loop import LoopParams


@dataclass(frozen=True)
class OnPolicyParams(LoopParams):
    """What ppo and rloo have in common: iterations of drawing replies, scoring and learning from them."""

    learning_rate: float = param(3e-3, "peak learning rate of AdamW where adapters are trained (job.lora)")
    iterations: int = param(30, "times that replies are drawn, scored and learnt from")
    rollout_prompts: int = param(32, "prompts answered in an iteration, each with job.k replies")
    epochs: int = param(1, "passes over the replies of an iteration")
    batch_rows: int = param(256, "replies decoded at once; lower it when memory is short")
    clip: float = param(0.2, "how far a ratio of probabilities may move from 1 and still be paid for")
    kl: Literal["fixed", "adaptive"] = param(
        "fixed", "fixed (kl_weight stays) or adaptive (it steers to kl_target)"
    )
    kl_weight: float = param(0.05, "cost of a nat of KL to the reference, in units of the score")
    kl_target: float = param(6.0, "adaptive: the KL to the reference that is steered to, nats a reply")
    kl_horizon: int = param(10_000, "adaptive: replies over which the weight follows")
    stop_kl: float = param(0.0, "training ends when fresh replies exceed this KL to the reference; 0 never")
    step_kl: float = param(0.0, "an iteration ends early past this KL, a token, to its own start; 0 never")
    missing_eos_score: float | None = param(
        -1.0, "score of a reply that was cut before its end, in place of its own; null keeps its own"
    )
    whiten_scores: bool | None = param(
        None,
        "shift and scale scores to mean 0 and variance 1; null: if there is a safety model",
    )
    mix_weight: float = param(1.0, "weight of the loss on job.dialogues, the pretraining mix, nats a token")
    mix_batch: int = param(16, "dialogues of the mix an optimiser step")


@dataclass(frozen=True)
class PpoParams(OnPolicyParams):
    """The ppo stage."""

    gamma: float = param(1.0, "discount of the reward of later tokens")
    lam: float = param(0.95, "lambda of the generalised advantages")
    value_clip: float = param(0.2, "how far a value may move from what it was when the reply was drawn")
    value_weight: float = param(0.1, "weight of the critic's loss")
    whiten_advantages: bool = param(
        True, "shift and scale the advantages of an iteration to mean 0, variance 1"
    )


@dataclass(frozen=True)
class RlooParams(OnPolicyParams):
    """The rloo stage."""

    whiten_advantages: bool = param(
        False, "shift and scale the advantages of an iteration to mean 0, variance 1"
    )
