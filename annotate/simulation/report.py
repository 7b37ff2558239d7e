"""What a simulation found out, as numbers that can be checked.

The champion's replies to the held-out prompts are those that the evaluate stage wrote; the gold score reads
them here, after the fact, and nothing that trains reads this.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from random import Random
from statistics import fmean
from typing import Any

from annotate.simulation import gold
from annotate.simulation.gold import gold_score
from annotate.simulation.judge import LEVEL_THRESHOLDS

RESAMPLES = 2000
STAGES = ("sample", "reward", "dpo", "evaluate")

GOLD_EXPLAINED = {
    "score": (gold.__doc__ or "").strip(),
    "noise": "Gumbel of scale 1 on each reply's score (Bradley-Terry, Plackett-Luce for K)",
    "margin_levels": f"the noisy difference of neighbours reaches {LEVEL_THRESHOLDS} for levels 1, 2 and 3",
    "random": "the judge 'random' sees noise alone; the gold score still measures the result",
    "gold_mean_ci": f"95 % percentile bootstrap over held-out prompts, {RESAMPLES} resamples",
    "gold_win_rate_vs_start": (
        "share of held-out samples on which the champion's reply has the higher gold score than the starter "
        "model's reply to the same prompt; a tie counts half"
    ),
    "kl_to_start": "nats a reply, from the champion to the policy that the round started from",
}


@dataclass(frozen=True)
class RoundReport:
    """One round. Gold figures are of the champion after it; KL in nats, ``length_mean`` in tokens."""

    round: int
    rankings: int
    reward_accuracy: float | None
    reward_accuracy_by_margin: dict[str, Any]
    gold_mean: float
    gold_mean_ci: tuple[float, float]
    gold_mean_of_starter: float
    gold_win_rate_vs_start: float
    gold_win_rate_ci: tuple[float, float]
    gold_parts: dict[str, float]
    reward_win_rate_vs_round_start: float | None
    kl_to_start: float
    kl_to_starter: float
    length_mean: float
    distinct_2: float | None
    seconds: dict[str, float]


def round_report(round: Mapping[str, Any], evaluation: Mapping[str, Any], *, seed: int) -> RoundReport:
    """Judge a closed round by what the API says of it and of its evaluation."""
    metrics = evaluation["metrics"]
    reward = _metrics_of(round, "reward")
    scores: dict[str, list[float]] = defaultdict(list)
    starter: dict[str, list[float]] = defaultdict(list)
    wins: dict[str, list[float]] = defaultdict(list)
    parts: dict[str, list[float]] = defaultdict(list)
    for sample in evaluation["samples"]:
        prompt = json.dumps(sample["messages"])
        ours = gold_score(sample["messages"], sample["challenger"]["text"])
        theirs = gold_score(sample["messages"], sample["base"]["text"]).total
        scores[prompt].append(ours.total)
        starter[prompt].append(theirs)
        wins[prompt].append(0.5 if ours.total == theirs else float(ours.total > theirs))
        for name, value in asdict(ours).items():
            parts[name].append(value)
    by_prompt, won = _means(scores), _means(wins)
    return RoundReport(
        round=round["number"],
        rankings=round["collecting"]["submitted"],
        reward_accuracy=reward["heldout_accuracy"],
        reward_accuracy_by_margin=reward["heldout_accuracy_by_margin"],
        gold_mean=fmean(by_prompt),
        gold_mean_ci=bootstrap_interval(by_prompt, seed=seed),
        gold_mean_of_starter=fmean(_means(starter)),
        gold_win_rate_vs_start=fmean(won),
        gold_win_rate_ci=bootstrap_interval(won, seed=seed),
        gold_parts={name: fmean(values) for name, values in parts.items() if name != "total"},
        reward_win_rate_vs_round_start=metrics.get("win_rate_vs_start"),
        kl_to_start=metrics["kl_to_start"],
        kl_to_starter=metrics["kl_to_base"],
        length_mean=metrics["length_mean"],
        distinct_2=metrics.get("distinct_2"),
        seconds=stage_seconds(round),
    )


def stage_seconds(round: Mapping[str, Any]) -> dict[str, float]:
    """Seconds of each stage's run, of the collection, and from launch to the last move."""
    seconds = {
        run["stage"]: _between(run["started_at"], run["ended_at"])
        for run in round["runs"]
        if run["state"] == "succeeded"
    }
    entered = {event["to_state"]: event["at"] for event in round["events"]}
    seconds["collect"] = _between(entered["collecting"], entered["training_reward"])
    seconds["total"] = _between(round["events"][0]["at"], round["events"][-1]["at"])
    return seconds


def bootstrap_interval(values: Sequence[float], *, seed: int) -> tuple[float, float]:
    """The 95 % percentile interval of the mean, from ``RESAMPLES`` resamples."""
    draw = Random(seed)
    means = sorted(fmean(draw.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES) - 1]


def _means(by_prompt: Mapping[str, Sequence[float]]) -> list[float]:
    return [fmean(values) for values in by_prompt.values()]


def _metrics_of(round: Mapping[str, Any], stage: str) -> dict[str, Any]:
    run = next(run for run in round["runs"] if run["stage"] == stage and run["state"] == "succeeded")
    return dict(run["metrics"])


def _between(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
