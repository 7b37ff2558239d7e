"""Benchmark: how often a reward model prefers the chosen reply, on files of prompt, chosen and rejected."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.benchmarks import Contest, read_benchmark
from training.contracts import BENCHMARK_FILE, ContractError, RankedCompletion, write_rows
from training.data import Encoder, TooLong
from training.params import BenchmarkParams, parse_params
from training.run import Run, StageOutput
from training.scoring import Scorer
from training.segments import Group
from training.stats import bootstrap_interval

CHUNK = 64
"""Rows that are scored between two reports of progress."""


@dataclass(frozen=True)
class Verdict:
    """One row of the output; ``right`` where each chosen reply outscores each rejected, 0.5 when even."""

    benchmark: str
    row: int
    subset: str
    chosen: list[float]
    rejected: list[float]
    right: float


def run(run: Run) -> StageOutput:
    """Score every row of ``job.benchmarks`` with ``job.reward_model``; rows over its context are left out."""
    job = run.job
    params = parse_params(BenchmarkParams, job.params)
    if not job.benchmarks:
        raise ContractError("The job names no benchmarks.")
    files = {path: read_benchmark(Path(path)) for path in job.benchmarks}
    scorer = Scorer(job.reward_model, job)
    names = _names(job.benchmarks)
    metrics: dict[str, Any] = {}
    verdicts: list[Verdict] = []
    for path, contests in files.items():
        fitting = list(_fitting(scorer.encoder, names[path], contests))
        own = _judge(run, scorer, names[path], fitting, params)
        verdicts += own
        metrics[names[path]] = {
            **benchmark_metrics(own, bootstrap=params.bootstrap, seed=job.seed),
            "too_long": len(contests) - len(fitting),
        }
    write_rows(run.output / BENCHMARK_FILE, verdicts)
    return StageOutput(metrics, {"benchmark": BENCHMARK_FILE})


def _names(paths: Sequence[str]) -> dict[str, str]:
    """What each file is called in the metrics: its name, or its path where two have one name."""
    names = [Path(path).name for path in paths]
    return {path: name if names.count(name) == 1 else path for path, name in zip(paths, names, strict=True)}


def _fitting(encoder: Encoder, name: str, contests: Sequence[Contest]) -> Iterator[tuple[Contest, Group]]:
    """The contests that fit the model's context; a cut reply would be another reply."""
    for contest in contests:
        replies = [RankedCompletion(text) for text in contest.chosen + contest.rejected]
        try:
            yield contest, encoder.group(f"of row {contest.row} of {name}", contest.messages, replies)
        except TooLong:
            continue


def _judge(
    run: Run, scorer: Scorer, name: str, fitting: Sequence[tuple[Contest, Group]], params: BenchmarkParams
) -> list[Verdict]:
    run.reporter.start(name, total=len(fitting), unit="row")
    verdicts: list[Verdict] = []
    for start in range(0, len(fitting), CHUNK):
        batch = fitting[start : start + CHUNK]
        scores = scorer.rewards([group for _, group in batch], params.micro_tokens)
        for (contest, _), own in zip(batch, scores, strict=True):
            chosen, rejected = own[: len(contest.chosen)].tolist(), own[len(contest.chosen) :].tolist()
            right = 0.5 if min(chosen) == max(rejected) else float(min(chosen) > max(rejected))
            verdicts.append(Verdict(name, contest.row, contest.subset, chosen, rejected, right))
        run.stop.check()
        run.reporter.update(len(verdicts))
    return verdicts


def benchmark_metrics(verdicts: Sequence[Verdict], *, bootstrap: int, seed: int) -> dict[str, Any]:
    """Accuracy over rows with its interval, by subset, and the mean of the subsets', each counting once."""
    by_subset: dict[str, list[float]] = defaultdict(list)
    for verdict in verdicts:
        if verdict.subset:
            by_subset[verdict.subset].append(verdict.right)
    rights = [verdict.right for verdict in verdicts]
    means = {name: sum(own) / len(own) for name, own in sorted(by_subset.items())}
    return {
        "rows": len(rights),
        "accuracy": sum(rights) / len(rights) if rights else None,
        "accuracy_interval": bootstrap_interval(rights, bootstrap, seed) if rights else None,
        "subsets": {name: {"accuracy": mean, "rows": len(by_subset[name])} for name, mean in means.items()},
        "mean_of_subsets": sum(means.values()) / len(means) if means else None,
    }
