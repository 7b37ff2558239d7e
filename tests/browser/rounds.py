"""Rounds in the states that a test wants to look at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.utils import timezone

from annotate.live.events import publish, round_topic
from annotate.loop.models import RunState, TrainingRun
from annotate.loop.runs import Claim
from annotate.loop.shapes import run_shape
from annotate.loop.telemetry import Telemetry
from annotate.rounds.models import Checkpoint, Round, RoundState
from annotate.rounds.transitions import move
from tests.annotate.collecting import collecting_round
from tests.browser.screens import elsewhere


def running(round: Round, stage: str) -> Telemetry:
    """A run of the stage that a worker has just taken up, and what its supervisor writes with."""
    run = TrainingRun.objects.create(
        round=round, stage=stage, state=RunState.RUNNING, attempt=1, worker="w", job={},
        started_at=timezone.now(),
    )  # fmt: skip
    elsewhere(publish, topic=round_topic(round.pk), kind="run", payload={"run": run_shape(run)})
    return Telemetry(Claim(run.pk, 1, "w"), run)


def step(telemetry: Telemetry, number: int, loss: float) -> None:
    """One step of twenty, as the stage reports it and the supervisor writes it down."""
    line: dict[str, Any] = {
        "phase": "reward",
        "step": number,
        "total": 20,
        "unit": "step",
        "eta_seconds": 65.0,
        "tokens_per_second": 1234.0,
        "metrics": {"loss": loss, "accuracy": 1 - loss},
    }
    telemetry.note(line)
    elsewhere(telemetry.write)


def training_round() -> Round:
    """A round in the middle of training its reward model."""
    round = collecting_round(comparisons=3, k=4)
    elsewhere(move, round=round, to=RoundState.TRAINING_REWARD)
    telemetry = running(round, "reward")
    for number in range(1, 13):
        step(telemetry, number, 0.72 - 0.02 * number + 0.03 * (number % 3))
    return round


def failed_round() -> Round:
    """A round whose reward model could not be trained."""
    round = collecting_round(comparisons=3, k=4)
    elsewhere(move, round=round, to=RoundState.TRAINING_REWARD)
    elsewhere(move, round=round, to=RoundState.FAILED, reason="The disk is full.")
    return round


def deciding_round(folder: Path) -> Round:
    """A round that waits for its decision, with what its evaluation measured in ``folder``."""
    round = collecting_round(comparisons=3, k=2)
    for state in (RoundState.TRAINING_REWARD, RoundState.TRAINING_POLICY, RoundState.EVALUATING):
        elsewhere(move, round=round, to=state)
    for kind in ("policy", "reward"):
        Checkpoint.objects.create(
            campaign=round.campaign, round=round, kind=kind, name=f"round-1-{kind}", path=f"r1/{kind}",
            digest="c" * 64, parent=round.start_policy if kind == "policy" else None,
        )  # fmt: skip
    _write_evaluation(folder)
    metrics = {
        "prompts": 60,
        "reward_mean": 0.42,
        "reward_mean_interval": [0.31, 0.54],
        "start_reward_mean": 0.05,
        "start_reward_mean_interval": [-0.07, 0.16],
        "win_rate_vs_start": 0.63,
        "win_rate_vs_start_interval": [0.55, 0.71],
        "kl_to_start": 1.2,
    }
    TrainingRun.objects.create(
        round=round, stage="evaluate", state=RunState.SUCCEEDED, job={"output": str(folder)},
        result={"metrics": metrics, "files": {"evaluation": "evaluation.jsonl"}},
    )  # fmt: skip
    elsewhere(move, round=round, to=RoundState.DECIDING)
    return round


def _write_evaluation(folder: Path) -> None:
    """Twelve prompts, as the evaluate stage writes them."""
    reply = {"text": "Dear Nora, thank you.", "reward": 0.4, "length": 6, "finish": "stop"}
    worse = {**reply, "reward": -0.2, "finish": "length"}
    asked = [{"role": "user", "content": "Thank Nora for the help with the move."}]
    row = {"messages": asked, "challenger": reply, "start": worse, "base": worse}
    (folder / "evaluation.jsonl").write_text("\n".join([json.dumps(row)] * 12), encoding="utf-8")
