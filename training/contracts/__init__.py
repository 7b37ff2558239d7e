"""The files that pass between the platform and a training stage.

This module is standard library only: it is the one thing of ``training`` that ``annotate`` imports.

A stage is a process, ``python -m training STAGE job.json``. It reads its :class:`JobSpec`, writes
progress as JSON lines (:class:`Progress`) and, when it has succeeded, ``result.json``
(:class:`JobResult`) into ``job.output``, which it creates by renaming a temporary directory. So
``output/result.json`` exists if and only if the stage is done, and running a done stage again does
nothing. ``job.work`` is the stage's scratch directory: its resumable state lives there.
"""

from __future__ import annotations

from training.contracts.errors import ContractError
from training.contracts.jobs import (
    BENCHMARK_FILE,
    COMPLETIONS_FILE,
    EVALUATION_FILE,
    META_FILE,
    PARTIAL_COMPLETIONS_FILE,
    RANKINGS_FILE,
    RESULT_FILE,
    STAGES,
    JobResult,
    JobSpec,
    LoraSpec,
    Progress,
    SamplingSpec,
    Stage,
    read_job,
)
from training.contracts.reading import read_completions, read_dialogues, read_prompts, read_rankings
from training.contracts.rows import (
    MAX_MARGIN,
    SOURCES,
    CompletionRow,
    DialogueRow,
    EvaluatedSample,
    EvaluationRow,
    Message,
    PromptRow,
    RankedCompletion,
    RankingRow,
    pair_margins,
)
from training.contracts.safety import SAFETY_BINS, SafetyBin, safety_bin, safety_bins
from training.contracts.writing import write_json, write_rows

__all__ = [
    "BENCHMARK_FILE",
    "COMPLETIONS_FILE",
    "EVALUATION_FILE",
    "MAX_MARGIN",
    "META_FILE",
    "PARTIAL_COMPLETIONS_FILE",
    "RANKINGS_FILE",
    "RESULT_FILE",
    "SAFETY_BINS",
    "SOURCES",
    "STAGES",
    "CompletionRow",
    "ContractError",
    "DialogueRow",
    "EvaluatedSample",
    "EvaluationRow",
    "JobResult",
    "JobSpec",
    "LoraSpec",
    "Message",
    "Progress",
    "PromptRow",
    "RankedCompletion",
    "RankingRow",
    "SafetyBin",
    "SamplingSpec",
    "Stage",
    "pair_margins",
    "read_completions",
    "read_dialogues",
    "read_job",
    "read_prompts",
    "read_rankings",
    "safety_bin",
    "safety_bins",
    "write_json",
    "write_rows",
]
