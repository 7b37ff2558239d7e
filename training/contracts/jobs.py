"""What a stage is asked to do and what it says: the job, its progress and its result."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypedDict, get_args

from training.contracts.errors import ContractError

Stage = Literal[
    "sample",
    "judge",
    "sft",
    "reward",
    "safety",
    "dpo",
    "kto",
    "online",
    "rejection",
    "ppo",
    "rloo",
    "evaluate",
    "benchmark",
]
STAGES: tuple[Stage, ...] = get_args(Stage)

RESULT_FILE = "result.json"
COMPLETIONS_FILE = "completions.jsonl"
PARTIAL_COMPLETIONS_FILE = "state-completions.jsonl"
"""In ``job.work`` while the sample stage runs: the rows it has so far, the last line perhaps cut."""
EVALUATION_FILE = "evaluation.jsonl"
RANKINGS_FILE = "rankings.jsonl"
BENCHMARK_FILE = "benchmark.jsonl"
META_FILE = "meta.json"


@dataclass(frozen=True)
class SamplingSpec:
    """How replies are drawn. ``temperatures`` are dealt to the K completions in turn."""

    temperatures: list[float] = field(default_factory=lambda: [1.0])
    top_p: float = 1.0
    max_new_tokens: int = 96


@dataclass(frozen=True)
class LoraSpec:
    """Low-rank adapters on every linear layer; ``alpha`` / ``rank`` scales the update."""

    rank: int = 64
    alpha: int = 64
    dropout: float = 0.0


@dataclass(frozen=True)
class JobSpec:
    """What one stage is asked to do. Paths are absolute; every stage reads only the fields it names.

    ``policy`` is the model to sample from or to train (a folder or a Hugging Face id). ``reference`` is
    the policy that the round started from. ``base`` is the campaign's first policy. ``reward_model`` is a
    folder that the reward stage wrote, ``safety_model`` one of the safety stage, which with it makes one
    score; ``previous_reward_model`` is the one of the round before, which is tried on what is new.
    ``rankings``, ``prompts``, ``completions`` and ``dialogues`` are JSON-lines files of :class:`RankingRow`,
    :class:`PromptRow`, :class:`CompletionRow` and :class:`DialogueRow`. ``benchmarks`` are files of
    prompt, chosen and rejected. ``params`` holds the stage's own hyper-parameters, which
    each stage declares as a frozen dataclass and checks: an unknown name is refused.
    """

    stage: Stage
    output: str
    work: str
    seed: int = 0
    policy: str = ""
    reference: str = ""
    base: str = ""
    reward_model: str = ""
    prompts: str = ""
    rankings: list[str] = field(default_factory=list)
    sampling: SamplingSpec = field(default_factory=SamplingSpec)
    lora: LoraSpec | None = None
    k: int = 1
    device: str = "auto"
    precision: Literal["float32", "bfloat16"] = "float32"
    params: dict[str, Any] = field(default_factory=dict)
    completions: list[str] = field(default_factory=list)
    dialogues: list[str] = field(default_factory=list)
    safety_model: str = ""
    previous_reward_model: str = ""
    benchmarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class JobResult:
    """What a finished stage says: numbers for the record and the files it wrote, relative to output."""

    stage: str
    metrics: dict[str, Any]
    files: dict[str, str]
    seconds: float


class Progress(TypedDict, total=False):
    """One JSON line on standard output while a stage runs under the supervisor.

    ``step`` of ``total`` in the stage's ``unit``; ``phase`` names the part of the stage;
    ``eta_seconds`` is the time left; ``metrics`` are the numbers of this step (loss, accuracy, kl, ...).
    A final line with ``error`` says in one sentence why the stage failed.
    """

    phase: str
    step: int
    total: int
    unit: str
    seconds: float
    eta_seconds: float
    tokens_per_second: float
    metrics: dict[str, float]
    error: str


def read_job(path: Path) -> JobSpec:
    """Load ``job.json``; raises :class:`ContractError` naming the field that is wrong or unknown."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise ContractError(f"The job file {path} cannot be read: {problem}.") from problem
    if not isinstance(raw, dict):
        raise ContractError(f"The job file {path} must hold one JSON object.")
    unknown = sorted(set(raw) - set(JobSpec.__dataclass_fields__))
    if unknown:
        raise ContractError(f"The job file {path} has unknown fields: {', '.join(unknown)}.")
    if raw.get("stage") not in STAGES:
        raise ContractError(f"The stage {raw.get('stage')!r} is not one of {', '.join(STAGES)}.")
    try:
        raw["sampling"] = SamplingSpec(**raw.get("sampling") or {})
        raw["lora"] = LoraSpec(**raw["lora"]) if raw.get("lora") is not None else None
        job = JobSpec(**raw)
    except TypeError as problem:
        raise ContractError(f"The job file {path} is wrong: {problem}.") from problem
    wrong = next(_job_faults(job), None)
    if wrong:
        raise ContractError(f"The job file {path} is wrong: {wrong}.")
    return job


def _is_count(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _is_number(value: Any, least: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value < math.inf


_TEXTS = (
    "output", "work", "policy", "reference", "base", "reward_model", "safety_model", "previous_reward_model",
    "prompts", "device",
)  # fmt: skip


def _job_faults(job: JobSpec) -> Iterator[str]:
    """What is wrong with the values of a job, a clause each."""
    for name in _TEXTS:
        if not isinstance(getattr(job, name), str):
            yield f"{name} must be text"
    if not job.output or not job.work:
        yield "output and work must name folders"
    for name in ("rankings", "completions", "dialogues", "benchmarks"):
        value = getattr(job, name)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            yield f"{name} must be a list of file names"
    if not isinstance(job.params, dict):
        yield "params must be an object"
    if not _is_count(job.seed, 0) or job.seed >= 2**48:
        yield "seed must be a whole number from 0 to 2^48 - 1"
    if not _is_count(job.k, 1):
        yield "k must be a whole number, at least 1"
    if job.precision not in ("float32", "bfloat16"):
        yield f"precision is {job.precision!r}; it must be float32 or bfloat16"
    yield from _sampling_faults(job.sampling)
    if job.lora and not (_is_count(job.lora.rank, 1) and _is_number(job.lora.alpha, 0)):
        yield "lora.rank must be a whole number, at least 1, and lora.alpha a number, at least 0"
    if job.lora and not (_is_number(job.lora.dropout, 0) and job.lora.dropout < 1):
        yield "lora.dropout must be at least 0 and below 1"


def _sampling_faults(sampling: SamplingSpec) -> Iterator[str]:
    temperatures = sampling.temperatures
    if (
        not isinstance(temperatures, list)
        or not temperatures
        or not all(_is_number(t, 0) for t in temperatures)
    ):
        yield "sampling.temperatures must be a list of numbers, each at least 0"
    if not _is_number(sampling.top_p, 0) or not 0 < sampling.top_p <= 1:
        yield "sampling.top_p must be above 0 and at most 1"
    if not _is_count(sampling.max_new_tokens, 1):
        yield "sampling.max_new_tokens must be a whole number, at least 1"
