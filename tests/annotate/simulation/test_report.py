"""What the report makes of a round."""

from __future__ import annotations

from typing import Any

import pytest

from annotate.simulation.gold import gold_score
from annotate.simulation.report import bootstrap_interval, round_report, stage_seconds

PROMPTS = [
    [{"role": "user", "content": f"Please write a thank-you note to {who}."}] for who in ("Anna", "Ben")
]
WARM = "Dear {}, thank you so much for the lovely day. It was wonderful to see you and we miss you already."
CURT = "no {} no."


def _event(to: str, second: int) -> dict[str, str]:
    return {"to_state": to, "at": f"2026-01-01T00:00:{second:02d}.5+00:00"}


def _run(stage: str, state: str, start: int, end: int, **metrics: Any) -> dict[str, Any]:
    times = {"started_at": _event("", start)["at"], "ended_at": _event("", end)["at"]}
    return {"stage": stage, "state": state, "metrics": metrics, **times}


ROUND: dict[str, Any] = {
    "number": 2,
    "collecting": {"submitted": 40},
    "runs": [
        _run("sample", "succeeded", 1, 5),
        _run("reward", "failed", 12, 13),
        _run(
            "reward", "succeeded", 14, 20, heldout_accuracy=0.7,
            heldout_accuracy_by_margin={"3": {"accuracy": 0.9, "pairs": 10}},
        ),
        _run("dpo", "succeeded", 20, 30),
        _run("evaluate", "succeeded", 30, 40),
    ],
    "events": [
        _event("planned", 0), _event("collecting", 6), _event("training_reward", 12), _event("closed", 41),
    ],
}  # fmt: skip
METRICS = {"kl_to_start": 1.5, "kl_to_base": 4.0, "length_mean": 21.0, "distinct_2": 0.8}


def _evaluation(ours: str, base: str) -> dict[str, Any]:
    samples = [
        {
            "messages": messages,
            "challenger": {"text": ours.format(who)},
            "base": {"text": base.format(who)},
            "start": {"text": ""},
        }
        for messages, who in zip(PROMPTS, ("Anna", "Ben"), strict=True)
    ]
    return {"metrics": METRICS, "samples": samples}


def test_it_measures_the_champion_against_the_starter_model() -> None:
    report = round_report(ROUND, _evaluation(WARM, CURT), seed=0)
    expected = (
        sum(gold_score(PROMPTS[n], WARM.format(who)).total for n, who in enumerate(("Anna", "Ben"))) / 2
    )
    assert report.gold_mean == pytest.approx(expected)
    assert report.gold_mean_ci[0] <= report.gold_mean <= report.gold_mean_ci[1]
    assert (report.gold_win_rate_vs_start, report.kl_to_start, report.length_mean) == (1.0, 1.5, 21.0)
    assert (report.round, report.rankings, report.reward_accuracy) == (2, 40, 0.7)
    assert report.reward_accuracy_by_margin["3"]["accuracy"] == 0.9


def test_it_counts_a_tie_as_half_a_win() -> None:
    assert round_report(ROUND, _evaluation(WARM, WARM), seed=0).gold_win_rate_vs_start == 0.5
    assert round_report(ROUND, _evaluation(CURT, WARM), seed=0).gold_win_rate_vs_start == 0.0


def test_it_times_each_stage_that_succeeded() -> None:
    assert stage_seconds(ROUND) == {
        "sample": 4.0, "reward": 6.0, "dpo": 10.0, "evaluate": 10.0, "collect": 6.0, "total": 41.0,
    }  # fmt: skip


def test_it_bootstraps_the_mean() -> None:
    values = [0.0] * 50 + [1.0] * 50
    low, high = bootstrap_interval(values, seed=1)
    # The mean of 100 fair coins has a deviation of 0.05, so the interval is about 0.5 +- 0.098.
    assert low == pytest.approx(0.402, abs=0.02)
    assert high == pytest.approx(0.598, abs=0.02)
    assert bootstrap_interval([2.0], seed=1) == (2.0, 2.0)
