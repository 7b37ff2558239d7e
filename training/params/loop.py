"""What every training stage has, and the stages that imitate."""

from __future__ import annotations

from dataclasses import dataclass

from training.params.declare import param


@dataclass(frozen=True)
class LoopParams:
    """What every training stage has: the optimiser, its schedule, and how often state is saved."""

    learning_rate: float = param(1e-3, "peak learning rate of AdamW where adapters are trained (job.lora)")
    full_learning_rate: float = param(2e-4, "peak learning rate of AdamW where every weight is trained")
    epochs: int = param(1, "passes over the data")
    batch_prompts: int = param(16, "prompts an optimiser step, each with all of its replies")
    micro_tokens: int = param(4096, "tokens a forward pass; the replies of a prompt are never split")
    warmup: float = param(0.1, "fraction of the steps with a rising learning rate")
    final_lr: float = param(0.1, "learning rate at the end of the cosine, as a fraction of the peak")
    clip_norm: float = param(1.0, "largest norm of the gradient")
    weight_decay: float = param(0.0, "decoupled weight decay of AdamW")
    gradient_checkpointing: bool = param(
        False, "run each layer twice instead of keeping what it computed: slower, in much less memory"
    )
    save_seconds: float = param(20.0, "seconds between saves of resumable state; 0 saves each step")

    def rate(self, *, lora: bool) -> float:
        """The peak learning rate, for adapters or for every weight."""
        return self.learning_rate if lora else self.full_learning_rate


@dataclass(frozen=True)
class SftParams(LoopParams):
    """The sft stage."""


@dataclass(frozen=True)
class RejectionParams(LoopParams):
    """The rejection stage."""

    least_reward: float = param(-1e9, "prompts whose best reply scores less are left out")
