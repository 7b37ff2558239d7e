"""From the raw scores of a reward model's members to one score that can be compared: mean 0, variance 1."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor

Combining = Literal["mean", "minimum", "uncertainty"]


@dataclass(frozen=True)
class Scale:
    """What makes scores comparable: their mean and standard deviation over the ranked completions."""

    mean: float
    deviation: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.mean) and math.isfinite(self.deviation) and self.deviation > 0):
            raise ValueError(f"a scale of mean {self.mean} and deviation {self.deviation}")

    @classmethod
    def of(cls, values: Tensor) -> Scale:
        """The scale of ``values``, ``[N]``."""
        return cls(values.mean().item(), max(values.std(correction=0).item(), 1e-6))

    def apply(self, values: Tensor) -> Tensor:
        """Mean 0 and variance 1 where it was taken."""
        return (values - self.mean) / self.deviation


@dataclass(frozen=True)
class Combination:
    """From raw scores of E members to one normalised score.

    Each member is normalised, then they are combined, then the result is normalised: ``mean``;
    ``minimum`` over members; or ``uncertainty``, the mean less ``penalty`` times the variance over members
    (worst-case and uncertainty-weighted optimisation of Coste et al. 2023).
    """

    overall: Scale
    members: tuple[Scale, ...] = (Scale(0.0, 1.0),)
    how: Combining = "mean"
    penalty: float = 0.0

    @classmethod
    def fitted(cls, raw: Tensor, how: Combining, penalty: float) -> Combination:
        """The scales of ``raw``, ``[N, E]``; a single member needs no scale of its own."""
        if raw.shape[1] == 1:
            return cls(Scale.of(raw[:, 0]))
        members = tuple(Scale.of(column) for column in raw.unbind(dim=1))
        unscaled = cls(Scale(0.0, 1.0), members, how, penalty)
        return cls(Scale.of(unscaled.combine(raw)), members, how, penalty)

    @classmethod
    def from_meta(cls, meta: dict[str, Any]) -> Combination:
        """As ``to_meta`` wrote it; raises KeyError, TypeError or ValueError where it did not."""
        overall = Scale(float(meta["reward_mean"]), float(meta["reward_std"]))
        if "members" not in meta:
            return cls(overall)
        members = tuple(Scale(float(own["mean"]), float(own["std"])) for own in meta["members"])
        if meta["combine"] not in ("mean", "minimum", "uncertainty"):
            raise ValueError(meta["combine"])
        return cls(overall, members, meta["combine"], float(meta["penalty"]))

    def to_meta(self) -> dict[str, Any]:
        """What meta.json says of it."""
        meta: dict[str, Any] = {"reward_mean": self.overall.mean, "reward_std": self.overall.deviation}
        if len(self.members) > 1:
            scales = [{"mean": own.mean, "std": own.deviation} for own in self.members]
            meta |= {"members": scales, "combine": self.how, "penalty": self.penalty}
        return meta

    def normalised(self, raw: Tensor) -> Tensor:
        """Each member on its own scale: ``[N, E]`` to ``[N, E]``."""
        return torch.stack([own.apply(raw[:, e]) for e, own in enumerate(self.members)], dim=1)

    def combine(self, raw: Tensor) -> Tensor:
        """``[N, E]`` raw to ``[N]`` combined and normalised."""
        scores = self.normalised(raw)
        combined = scores.amin(dim=1) if self.how == "minimum" else scores.mean(dim=1)
        if self.how == "uncertainty":
            combined = combined - self.penalty * scores.var(dim=1, correction=0)
        return self.overall.apply(combined)

    def shifted(self, by: float) -> Combination:
        """The same with ``by`` added to every score."""
        overall = Scale(self.overall.mean - by * self.overall.deviation, self.overall.deviation)
        return replace(self, overall=overall)

    @property
    def centre(self) -> float:
        """The raw logit, as the mean of the members has it, whose score is 0."""
        means = sum(own.mean for own in self.members) / len(self.members)
        spread = sum(own.deviation for own in self.members) / len(self.members)
        return means + self.overall.mean * spread

    @property
    def unit(self) -> float:
        """Raw logits to one unit of the score, as the mean of the members has it: 1 / T uncalibrated."""
        return self.overall.deviation * sum(own.deviation for own in self.members) / len(self.members)
