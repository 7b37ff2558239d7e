"""The files that pass between the platform and a training stage.

This module is standard library only: it is the one thing of ``training`` that ``annotate`` imports.

A stage is a process, ``python -m training STAGE job.json``. It reads its :class:`JobSpec`, writes
progress as JSON lines (:class:`Progress`) and, when it has succeeded, ``result.json``
(:class:`JobResult`) into ``job.output``, which it creates by renaming a temporary directory. So
``output/result.json`` exists if and only if the stage is done, and running a done stage again does
nothing. ``job.work`` is the stage's scratch directory: its resumable state lives there.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, TypedDict

Stage = Literal["sample", "sft", "reward", "dpo", "rejection", "evaluate"]
STAGES: tuple[Stage, ...] = ("sample", "sft", "reward", "dpo", "rejection", "evaluate")

RESULT_FILE = "result.json"
COMPLETIONS_FILE = "completions.jsonl"
PARTIAL_COMPLETIONS_FILE = "state-completions.jsonl"
"""In ``job.work`` while the sample stage runs: the rows it has so far, the last line perhaps cut."""
EVALUATION_FILE = "evaluation.jsonl"
META_FILE = "meta.json"

MAX_MARGIN = 3
"""Margin levels run from 0 (negligibly better or unsure) to 3 (significantly better)."""


class ContractError(ValueError):
    """A job, row or result that breaks the contract; the message is one sentence for a person."""


class Message(TypedDict):
    """One turn of a conversation; ``role`` is ``system``, ``user`` or ``assistant``."""

    role: str
    content: str


@dataclass(frozen=True)
class PromptRow:
    """One prompt to sample from: a conversation that ends in a user turn."""

    prompt_id: str
    messages: list[Message]


@dataclass(frozen=True)
class CompletionRow:
    """One sampled reply, as the sample stage writes it.

    ``token_ids`` are the tokens as sampled (with the end-of-sequence token exactly when the model
    produced it); ``logprobs`` are natural logs under the sampling policy at temperature 1, one a token.
    ``finish`` is ``stop`` (the model ended the reply) or ``length`` (it was cut; no EOS was added).
    """

    prompt_id: str
    index: int
    text: str
    token_ids: list[int]
    logprobs: list[float]
    temperature: float
    top_p: float
    seed: int
    finish: Literal["stop", "length"]


@dataclass(frozen=True)
class RankedCompletion:
    """A completion inside a ranking; ``token_ids`` is empty when the reply was not sampled by us.

    What the annotator said of it, where the campaign asks: whether it is ``safe``, the campaign's own
    ``attributes`` (a level, an option, or a list of options), a ``thumb``, the reasons it was flagged for
    (``flags``), and a better text (``edit``).
    """

    text: str
    token_ids: list[int] = field(default_factory=list)
    finish: Literal["stop", "length"] = "stop"
    completion_id: str = ""
    safe: bool | None = None
    attributes: dict[str, int | str | list[str]] = field(default_factory=dict)
    thumb: Literal["up", "down"] | None = None
    flags: list[str] = field(default_factory=list)
    edit: str | None = None


@dataclass(frozen=True)
class RankingRow:
    """One annotation: K completions of a prompt in the order that one annotator put them.

    ``completions`` is ordered best first. ``gaps`` has K - 1 entries, the margin level (0 to 3) between
    neighbours, or None where the annotator called the two equal. ``fold`` is ``heldout`` for rankings
    that no stage may train on.
    """

    prompt_id: str
    messages: list[Message]
    completions: list[RankedCompletion]
    gaps: list[int | None]
    fold: Literal["train", "heldout"] = "train"
    round: int = 0
    annotator: str = ""
    weight: float = 1.0
    all_bad: bool = False
    source: str = "human"


@dataclass(frozen=True)
class EvaluatedSample:
    """A held-out reply as the evaluate stage scored it; ``length`` is in tokens, ``reward`` normalised."""

    text: str
    reward: float
    length: int
    finish: Literal["stop", "length"]


@dataclass(frozen=True)
class EvaluationRow:
    """The replies of three policies to one held-out prompt: challenger, the round's start, the base."""

    prompt_id: str
    messages: list[Message]
    index: int
    challenger: EvaluatedSample
    start: EvaluatedSample
    base: EvaluatedSample


def pair_margins(gaps: list[int | None]) -> list[tuple[int, int, int]]:
    """Every pair that a ranking states, as ``(better, worse, level)`` indices into its completions.

    The level of a pair is the sum of the gaps between, at most 3. Completions joined by "equal"
    gaps only are tied and give no pair; an equal gap counts 0 in the sum of a longer span.

    >>> pair_margins([2, None, 3])
    [(0, 1, 2), (0, 2, 2), (0, 3, 3), (1, 3, 3), (2, 3, 3)]
    """
    pairs: list[tuple[int, int, int]] = []
    for better in range(len(gaps)):
        level, tied = 0, True
        for worse in range(better + 1, len(gaps) + 1):
            gap = gaps[worse - 1]
            tied = tied and gap is None
            level = min(MAX_MARGIN, level + (gap or 0))
            if not tied:
                pairs.append((better, worse, level))
    return pairs


@dataclass(frozen=True)
class DialogueRow:
    """A conversation that ends in the assistant turn to be learnt; earlier turns are its prompt."""

    messages: list[Message]
    fold: Literal["train", "heldout"] = "train"
    weight: float = 1.0


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
    folder that the reward stage wrote. ``rankings``, ``prompts``, ``completions`` and ``dialogues`` are
    JSON-lines files of :class:`RankingRow`, :class:`PromptRow`, :class:`CompletionRow` and
    :class:`DialogueRow`. ``params`` holds the stage's own hyper-parameters, which
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


def _job_faults(job: JobSpec) -> Iterator[str]:
    """What is wrong with the values of a job, a clause each."""
    for name in ("output", "work", "policy", "reference", "base", "reward_model", "prompts", "device"):
        if not isinstance(getattr(job, name), str):
            yield f"{name} must be text"
    if not job.output or not job.work:
        yield "output and work must name folders"
    for name in ("rankings", "completions", "dialogues"):
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


def write_json(path: Path, value: Any) -> None:
    """Write JSON so that a reader sees the old file or the whole new one, never a part."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("w", encoding="utf-8") as handle:
        json.dump(asdict(value) if hasattr(value, "__dataclass_fields__") else value, handle, indent=1)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(path)


def write_rows(path: Path, rows: Iterable[Any]) -> int:
    """Write dataclass rows as JSON lines, atomically; returns how many."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    count = 0
    with temporary.open("w", encoding="utf-8") as handle:
        for row in rows:
            handle.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")
            count += 1
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(path)
    return count


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        with path.open(encoding="utf-8") as handle:
            for number, line in enumerate(handle, start=1):
                if line.strip():
                    yield number, json.loads(line)
    except (OSError, ValueError) as problem:
        raise ContractError(f"The file {path} cannot be read: {problem}.") from problem


def _check_messages(path: Path, number: int, messages: Any) -> None:
    """Raise :class:`ContractError` unless ``messages`` are turns of text."""
    turns = messages if isinstance(messages, list) else []
    if not turns or not all(
        isinstance(turn, dict) and isinstance(turn.get("role"), str) and isinstance(turn.get("content"), str)
        for turn in turns
    ):
        raise ContractError(f"{path} line {number}: messages are turns of a role and a content, both text.")


def read_prompts(path: Path) -> list[PromptRow]:
    """Read a prompts file; raises :class:`ContractError` with the line number of a bad or repeated row."""
    rows: dict[str, PromptRow] = {}
    for number, raw in _rows(path):
        try:
            row = PromptRow(**raw)
        except TypeError as problem:
            raise ContractError(f"{path} line {number} is not a prompt row: {problem}.") from problem
        _check_messages(path, number, row.messages)
        if row.prompt_id in rows:
            raise ContractError(f"{path} line {number}: the prompt_id {row.prompt_id} has been there before.")
        rows[row.prompt_id] = row
    return list(rows.values())


def read_completions(path: Path) -> Iterator[CompletionRow]:
    """Stream a completions file; raises :class:`ContractError` with the line number of a bad row."""
    for number, raw in _rows(path):
        try:
            yield CompletionRow(**raw)
        except TypeError as problem:
            raise ContractError(f"{path} line {number} is not a completion row: {problem}.") from problem


def read_dialogues(path: Path) -> list[DialogueRow]:
    """Read a dialogues file; raises :class:`ContractError` with the line number of a bad row."""
    rows = []
    for number, raw in _rows(path):
        try:
            row = DialogueRow(**raw)
        except TypeError as problem:
            raise ContractError(f"{path} line {number} is not a dialogue row: {problem}.") from problem
        _check_messages(path, number, row.messages)
        if len(row.messages) < 2 or row.messages[-1]["role"] != "assistant":
            raise ContractError(f"{path} line {number}: a dialogue ends in an assistant turn after others.")
        if not math.isfinite(row.weight) or row.weight < 0:
            raise ContractError(f"{path} line {number}: a weight is a finite number, at least 0.")
        rows.append(row)
    return rows


def read_rankings(path: Path) -> list[RankingRow]:
    """Read a rankings file; raises :class:`ContractError` with the line number of a bad row."""
    rows = []
    for number, raw in _rows(path):
        try:
            raw["completions"] = [RankedCompletion(**item) for item in raw["completions"]]
            row = RankingRow(**raw)
        except (TypeError, KeyError) as problem:
            raise ContractError(f"{path} line {number} is not a ranking row: {problem}.") from problem
        _check_messages(path, number, row.messages)
        if len(row.gaps) != len(row.completions) - 1 or len(row.completions) < 2:
            raise ContractError(f"{path} line {number}: K completions need K - 1 gaps, and K at least 2.")
        if any(gap is not None and not 0 <= gap <= MAX_MARGIN for gap in row.gaps):
            raise ContractError(f"{path} line {number}: a gap is 0 to {MAX_MARGIN} or null.")
        if not math.isfinite(row.weight) or row.weight < 0:
            raise ContractError(f"{path} line {number}: a weight is a finite number, at least 0.")
        rows.append(row)
    return rows
