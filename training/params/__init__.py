"""The hyper-parameters of each stage, with their defaults; standard library only.

``job.params`` may set any of them by name. The defaults are those of the study in docs/training.md,
made for the starter model; the page says what to set for models of billions of parameters.
"""

from __future__ import annotations

from training.params.declare import describe_params, parse_params
from training.params.judge import JudgeParams
from training.params.kto import KtoParams
from training.params.loop import LoopParams, RejectionParams, SftParams
from training.params.on_policy import PpoParams, RlooParams
from training.params.preference import DpoParams, OnlineParams, RewardParams, SafetyParams
from training.params.sampling import BenchmarkParams, EvaluateParams, SampleParams

PARAMS: dict[str, type] = {
    "sample": SampleParams,
    "judge": JudgeParams,
    "sft": SftParams,
    "reward": RewardParams,
    "safety": SafetyParams,
    "dpo": DpoParams,
    "kto": KtoParams,
    "online": OnlineParams,
    "rejection": RejectionParams,
    "ppo": PpoParams,
    "rloo": RlooParams,
    "evaluate": EvaluateParams,
    "benchmark": BenchmarkParams,
}

__all__ = [
    "PARAMS",
    "BenchmarkParams",
    "DpoParams",
    "EvaluateParams",
    "JudgeParams",
    "KtoParams",
    "LoopParams",
    "OnlineParams",
    "PpoParams",
    "RejectionParams",
    "RewardParams",
    "RlooParams",
    "SafetyParams",
    "SampleParams",
    "SftParams",
    "describe_params",
    "parse_params",
]
