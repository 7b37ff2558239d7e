"""The hyper-parameters of each stage, with their defaults; standard library only.

``job.params`` may set any of them by name. The defaults are those of the study in docs/training.md,
made for the starter model; the page says what to set for models of billions of parameters.
"""

from __future__ import annotations

import types
import typing
from dataclasses import Field, dataclass, field, fields
from typing import Any, Literal, TypeVar

from training.contracts import ContractError

P = TypeVar("P")

MAY_BE_NEGATIVE = frozenset({"least_reward"})


def _param(default: Any, help_text: str) -> Any:
    return field(default=default, metadata={"help": help_text})


@dataclass(frozen=True)
class SampleParams:
    """The sample stage."""

    batch_rows: int = _param(256, "replies decoded at once; lower it when memory is short")


@dataclass(frozen=True)
class LoopParams:
    """What every training stage has: the optimiser, its schedule, and how often state is saved."""

    learning_rate: float = _param(1e-3, "peak learning rate of AdamW where adapters are trained (job.lora)")
    full_learning_rate: float = _param(2e-4, "peak learning rate of AdamW where every weight is trained")
    epochs: int = _param(1, "passes over the data")
    batch_prompts: int = _param(16, "prompts an optimiser step, each with all of its replies")
    micro_tokens: int = _param(4096, "tokens a forward pass; the replies of a prompt are never split")
    warmup: float = _param(0.1, "fraction of the steps with a rising learning rate")
    final_lr: float = _param(0.1, "learning rate at the end of the cosine, as a fraction of the peak")
    clip_norm: float = _param(1.0, "largest norm of the gradient")
    weight_decay: float = _param(0.0, "decoupled weight decay of AdamW")
    save_seconds: float = _param(20.0, "seconds between saves of resumable state; 0 saves each step")


@dataclass(frozen=True)
class SftParams(LoopParams):
    """The sft stage."""


@dataclass(frozen=True)
class RejectionParams(LoopParams):
    """The rejection stage."""

    least_reward: float = _param(-1e9, "prompts whose best reply scores less are left out")


@dataclass(frozen=True)
class RewardParams(LoopParams):
    """The reward stage."""

    learning_rate: float = _param(3e-3, "peak learning rate of AdamW where adapters are trained (job.lora)")
    full_learning_rate: float = _param(1e-3, "peak learning rate of AdamW where every weight is trained")
    batch_prompts: int = _param(8, "prompts an optimiser step, each with all of its replies")
    loss: Literal["bradley_terry", "scaled", "plackett_luce"] = _param(
        "bradley_terry",
        "bradley_terry (with the margin), scaled (weighed by level) or plackett_luce (whole ranking)",
    )
    centering: float = _param(
        0.0, "weight of (chosen + rejected)^2, which keeps scores around 0; 0.01 is usual"
    )
    margin: Literal["none", "small", "large"] = _param(
        "small", "margin inside the loss by level 0 to 3: none; small 0, 1/3, 2/3, 1; large 0, 1, 2, 3"
    )
    reduction: Literal["prompts", "pairs"] = _param(
        "prompts", "mean over prompts (each ranking counts once) or over pairs (long rankings count more)"
    )


@dataclass(frozen=True)
class DpoParams(LoopParams):
    """The dpo stage."""

    learning_rate: float = _param(3e-3, "peak learning rate of AdamW where adapters are trained (job.lora)")
    full_learning_rate: float = _param(4e-4, "peak learning rate of AdamW where every weight is trained")
    epochs: int = _param(2, "passes over the data")
    loss: Literal["sigmoid", "sigmoid_norm", "cdpo", "robust", "ipo", "odpo", "simpo"] = _param(
        "sigmoid",
        "sigmoid, sigmoid_norm (per token), cdpo, robust, ipo (per token), odpo or simpo (per token)",
    )
    beta: float = _param(
        0.1, "strength of the pull to the reference; about 50 times more for losses per token"
    )
    anchor: float = _param(
        0.2, "weight of the best reply's own loss, nats a token, which keeps the text fluent"
    )
    flipped: float = _param(0.1, "rate of wrong labels that cdpo and robust assume, below 0.5")
    offset: float = _param(1.0, "odpo: factor on the small margins, the offset of each pair")
    gamma: float = _param(0.5, "simpo: the margin that is asked of each pair")
    margin_weight: float = _param(1.0, "a pair of level m weighs 1 + this times m within its ranking")
    reduction: Literal["prompts", "pairs"] = _param(
        "prompts", "mean over prompts (each ranking counts once) or over pairs (long rankings count more)"
    )
    silver_k: int = _param(
        8, "replies drawn to each prompt of the job and ranked by its reward model, if it has both"
    )
    silver_weight: float = _param(0.5, "weight of a ranking by the reward model; one by a person weighs 1")
    batch_rows: int = _param(256, "replies decoded at once; lower it when memory is short")


@dataclass(frozen=True)
class EvaluateParams:
    """The evaluate stage."""

    samples_per_prompt: int = _param(4, "replies drawn for each held-out prompt from each model")
    batch_rows: int = _param(256, "replies decoded at once; lower it when memory is short")
    micro_tokens: int = _param(4096, "tokens a forward pass when replies are scored")
    bootstrap: int = _param(1000, "resamples of the prompts behind each 95 % interval")


PARAMS: dict[str, type] = {
    "sample": SampleParams,
    "sft": SftParams,
    "reward": RewardParams,
    "dpo": DpoParams,
    "rejection": RejectionParams,
    "evaluate": EvaluateParams,
}


def parse_params(kind: type[P], raw: dict[str, Any]) -> P:
    """Build ``kind`` from ``job.params``; raises :class:`ContractError` naming what is unknown or wrong."""
    known: dict[str, Field] = {item.name: item for item in fields(kind)}  # type: ignore[arg-type]  # a dataclass
    unknown = sorted(set(raw) - set(known))
    if unknown:
        raise ContractError(f"Unknown params: {', '.join(unknown)}; known are {', '.join(sorted(known))}.")
    hints = typing.get_type_hints(kind)
    return kind(**{name: _checked(name, value, hints[name]) for name, value in raw.items()})


def _checked(name: str, value: Any, hint: Any) -> Any:
    if isinstance(hint, types.UnionType):
        if value is None and type(None) in typing.get_args(hint):
            return None
        hint = next(option for option in typing.get_args(hint) if option is not type(None))
    if typing.get_origin(hint) is Literal:
        if value in typing.get_args(hint):
            return value
        choices = ", ".join(map(repr, typing.get_args(hint)))
        raise ContractError(f"The param {name} is {value!r}; it must be one of {choices}.")
    if hint is bool or isinstance(value, bool):
        if hint is bool and isinstance(value, bool):
            return value
    elif isinstance(value, int) or (hint is float and isinstance(value, float) and value == value):
        if value >= 0 or name in MAY_BE_NEGATIVE:
            return hint(value)
        raise ContractError(f"The param {name} is {value!r}; it must be at least 0.")
    raise ContractError(f"The param {name} is {value!r}; it must be of type {hint.__name__}.")


def describe_params(kind: type) -> str:
    """One line a param: name, default and meaning; the text of ``--help``."""
    lines = []
    for item in fields(kind):
        lines.append(f"    {item.name:<20} {item.default!s:<8} {item.metadata['help']}")
    return "\n".join(lines)
