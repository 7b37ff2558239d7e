"""Every method through the platform's own jobs and records, with the real stages, on a tiny model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from annotate.campaigns.recipe import METHODS
from annotate.celery import app
from annotate.datasets.services import freeze_snapshot
from annotate.loop.advance import advance_rounds
from annotate.loop.evaluation import evaluation_of
from annotate.loop.jobs import JOB_FILE, stage_folder, stage_of
from annotate.loop.models import RunState
from annotate.loop.results import record_result
from annotate.loop.runs import claim
from annotate.ranking.models import Annotation
from annotate.rounds.models import Round, RoundState
from annotate.rounds.transitions import move
from tests.annotate.collecting import collecting_round
from tests.annotate.loop.test_advance import rank_all
from tests.training.tiny import save_model
from training.__main__ import main

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

SMALL: dict[str, dict[str, Any]] = {
    "rejection": {"epochs": 1},
    "online": {"k": 3, "batch_prompts": 2},
    "ppo": {"iterations": 2, "rollout_prompts": 2},
    "rloo": {"iterations": 2, "rollout_prompts": 2},
    "evaluate": {"samples_per_prompt": 1, "bootstrap": 10},
}


@pytest.fixture(autouse=True)
def _quiet(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ARTIFACTS_DIR = tmp_path
    monkeypatch.setattr(app, "send_task", lambda name, args, queue: None)


@pytest.fixture
def ranked(tmp_path: Path, settings: Settings) -> Round:
    """A round of a tiny model that every method may train: all of it is ranked, and a reply was edited."""
    folder = Path(save_model("llama", tmp_path / "tiny"))
    config = json.loads((folder / "config.json").read_text())
    # Rotary positions have no table, so that the tiny model can read what a judge is asked.
    (folder / "config.json").write_text(json.dumps({**config, "max_position_embeddings": 2048}))
    settings.STARTER_MODEL = folder
    round = collecting_round(comparisons=6, heldout=2)
    rank_all(round)
    said = [{"edit": "warm tea for you", "safe": True}, {"safe": False}]
    Annotation.objects.filter(assignment__comparison__round=round).update(judgements=said)
    move(round=round, to=RoundState.TRAINING_REWARD)
    freeze_snapshot(round=round)
    return Round.objects.get(pk=round.pk)


def run_next(round: Round) -> str:
    """Let the loop queue its next stage, and do what a worker does with it."""
    for _ in range(2):  # the first look may only move the round on
        advance_rounds()
    round.refresh_from_db()
    assert round.failure == ""
    run = round.runs.get(state=RunState.QUEUED)
    held = claim(run_id=run.pk, worker="w")
    assert held is not None
    assert main([run.stage, str(stage_folder(round, stage_of(run)) / JOB_FILE)]) == 0
    assert record_result(held)
    return run.stage


@pytest.mark.parametrize("lora", [True, False])
def test_a_round_goes_through_every_method_and_is_evaluated(ranked: Round, lora: bool) -> None:
    ranked.recipe = {
        **ranked.recipe, "method": list(METHODS), "judge": "policy", "safety": True, "lora": lora,
        "policy_prompts": 4, "max_new_tokens": 6,
        "params": {**SMALL, "dpo": {"silver_weight": 0.5, "silver_k": 2}},
    }  # fmt: skip
    ranked.save()
    stages = ["judge", "reward", "safety", *METHODS.values(), "evaluate"]
    assert [run_next(ranked) for _ in stages] == stages
    advance_rounds()
    ranked.refresh_from_db()
    assert ranked.state == RoundState.DECIDING
    assert [ranked.checkpoints.filter(kind=kind).count() for kind in ("policy", "reward", "safety")] == [
        1
    ] * 3
    evaluated = evaluation_of(ranked)
    assert evaluated is not None
    assert 0 <= evaluated["metrics"]["unsafe"] <= 1
    assert ranked.snapshots.get(source="judge").counts["rankings"] == 4
