"""The params of the stages that draw or score replies and train nothing."""

from __future__ import annotations

from dataclasses import dataclass

from training.params.declare import param


@dataclass(frozen=True)
class SampleParams:
    """The sample stage."""

    batch_rows: int = param(256, "replies decoded at once; lower it when memory is short")


@dataclass(frozen=True)
class EvaluateParams:
    """The evaluate stage."""

    samples_per_prompt: int = param(4, "replies drawn for each held-out prompt from each model")
    batch_rows: int = param(256, "replies decoded at once; lower it when memory is short")
    micro_tokens: int = param(4096, "tokens a forward pass when replies are scored")
    bootstrap: int = param(1000, "resamples of the prompts behind each 95 % interval")


@dataclass(frozen=True)
class BenchmarkParams:
    """The benchmark stage."""

    micro_tokens: int = param(4096, "tokens a forward pass")
    bootstrap: int = param(1000, "resamples of the rows behind each 95 % interval")
