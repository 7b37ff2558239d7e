"""Rounds and runs for the tests of the loop."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from annotate.loop.jobs import JOB_FILE, stage_folder, stage_of
from annotate.loop.models import TrainingRun
from annotate.loop.runs import queue_run
from annotate.rounds.models import Round, RoundState
from annotate.rounds.transitions import move
from tests.annotate.collecting import collecting_round
from training.contracts import CompletionRow, Stage

TINY_STAGE = [sys.executable, str(Path(__file__).with_name("tiny_stage.py"))]
FORWARD = [
    RoundState.COLLECTING, RoundState.TRAINING_REWARD, RoundState.TRAINING_POLICY, RoundState.EVALUATING,
    RoundState.DECIDING,
]  # fmt: skip


def round_in(state: RoundState) -> Round:
    """A round that has gone from collecting to ``state``."""
    round = collecting_round(heldout=1)
    for to in FORWARD[1 : FORWARD.index(state) + 1]:
        move(round=round, to=to)
    return round


def sampling_round() -> Round:
    """A round that samples, of a campaign with prompts in both splits."""
    round = collecting_round(heldout=1)
    round.comparisons.all().delete()
    Round.objects.filter(pk=round.pk).update(state=RoundState.SAMPLING)
    round.refresh_from_db()
    return round


def queued(round: Round, stage: Stage, **params: Any) -> TrainingRun:
    """A queued run whose process is the tiny stage, told what to do by ``params``."""
    run = queue_run(round=round, stage=stage)
    instruct(run, **params)
    return run


def instruct(run: TrainingRun, **params: Any) -> None:
    """Tell the run's tiny stage what to do."""
    path = stage_folder(run.round, stage_of(run)) / JOB_FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), "params": params}))


def completions(round: Round) -> str:
    """What a sample stage writes: two replies to each prompt of the round's campaign."""
    rows = [
        CompletionRow(str(prompt.pk), index, "text", [1, 2], [-0.1, -0.2], 1.0, 1.0, 7, "stop").__dict__
        for prompt in round.campaign.prompts.all()
        for index in range(2)
    ]
    return "\n".join(json.dumps(row) for row in rows)


def result(**files: str) -> str:
    """A result.json."""
    return json.dumps({"stage": "x", "metrics": {"loss": 0.5}, "files": files, "seconds": 1.0})
