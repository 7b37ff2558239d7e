"""Supervising a real process, from the claim to the recorded result."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.db import OperationalError, connection
from pytest_django import Settings

from annotate.datasets.models import Snapshot
from annotate.live.models import LiveEvent
from annotate.loop import runs, supervise
from annotate.loop.jobs import log_file, stage_folder
from annotate.loop.models import RunMetric, RunState, TrainingRun
from annotate.loop.results import record_result
from annotate.rounds.models import Checkpoint, Round, RoundState
from tests.annotate.loop.rounds import (
    TINY_STAGE,
    completions,
    instruct,
    queued,
    result,
    round_in,
    sampling_round,
)
from tests.loop.house import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _tiny_stages(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.ARTIFACTS_DIR = tmp_path
    settings.STAGE_COMMAND = TINY_STAGE
    settings.STAGE_HEARTBEAT_SECONDS = 0.05
    yield
    supervise.STOPPING.clear()


@pytest.fixture
def round() -> Round:
    return sampling_round()


def supervise_in_thread(run: TrainingRun) -> threading.Thread:
    def work() -> None:
        supervise.supervise(run.pk)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def pid_of(run: TrainingRun) -> int:
    """The process of a running stage, as soon as it has begun."""
    started = Path(run.job["work"]) / "started"
    wait_for(lambda: started.exists() and started.read_text(), "the stage to begin", seconds=20)
    return int(started.read_text())


def state_of(run: TrainingRun) -> tuple[str, int]:
    run.refresh_from_db()
    return run.state, run.attempt


def test_it_records_completions_and_the_result(round: Round) -> None:
    files = {"completions.jsonl": completions(round), "result.json": result(completions="completions.jsonl")}
    run = queued(round, "sample", files=files)
    supervise.supervise(run.pk)
    assert state_of(run) == (RunState.SUCCEEDED, 1)
    assert run.result is not None
    assert run.result["metrics"] == {"loss": 0.5}
    assert round.comparisons.count() == round.campaign.prompts.count()


@pytest.mark.parametrize(
    ("state", "stage", "kind"),
    [(RoundState.TRAINING_REWARD, "reward", "reward"), (RoundState.TRAINING_POLICY, "dpo", "policy")],
)
def test_it_records_a_checkpoint(state: RoundState, stage: Any, kind: str, tmp_path: Path) -> None:
    round = round_in(state)
    Snapshot.objects.create(round=round, path="rankings.jsonl", digest="d", counts={})
    files = {"checkpoint/meta.json": '{"hash": "abc"}', "result.json": result(checkpoint="checkpoint")}
    run = queued(round, stage, files=files)
    supervise.supervise(run.pk)
    checkpoint = Checkpoint.objects.get(round=round)
    assert (checkpoint.kind, checkpoint.digest, checkpoint.metrics) == (kind, "abc", {"loss": 0.5})
    assert (tmp_path / checkpoint.path / "meta.json").exists()
    assert checkpoint.parent == round.start_policy


def test_a_second_delivery_does_nothing(round: Round) -> None:
    files = {"completions.jsonl": completions(round), "result.json": result(completions="completions.jsonl")}
    run = queued(round, "sample", files=files)
    supervise.supervise(run.pk)
    supervise.supervise(run.pk)
    assert state_of(run) == (RunState.SUCCEEDED, 1)


def test_it_keeps_progress_and_metrics(round: Round) -> None:
    lines = [
        {"phase": "train", "step": step, "total": 3, "unit": "step", "metrics": {"loss": 1.0 / step}}
        for step in (1, 2, 3)
    ]
    run = queued(round, "sample", lines=lines, code=2)
    supervise.supervise(run.pk)
    run.refresh_from_db()
    assert (run.progress["step"], run.progress["total"]) == (3, 3)
    metrics = RunMetric.objects.filter(run=run).order_by("step").values_list("step", "values")
    assert list(metrics) == [(1, {"loss": 1.0}), (2, {"loss": 0.5}), (3, {"loss": 1.0 / 3})]
    kinds = set(LiveEvent.objects.values_list("kind", flat=True))
    assert {"run", "progress", "metric"} <= kinds


def test_it_survives_lines_that_are_nonsense(round: Round) -> None:
    lines = [
        "not json\n", [1, 2], {"step": "three", "metrics": "no"}, {"step": -1, "metrics": {"loss": 1.0}},
        '{"step": 1, "metrics": {"loss": NaN}}\n', {"phase": 7, "step": 5, "metrics": {"a": None}},
        {"phase": "a\x00b", "step": 6, "metrics": {}}, '{"phase": "half \\ud800", "step": 7}\n',
    ]  # fmt: skip
    run = queued(round, "sample", lines=lines, code=2)
    supervise.supervise(run.pk)
    run.refresh_from_db()
    assert run.progress == {"step": 7, "phase": "half \ufffd", "metrics": {}}
    assert not RunMetric.objects.exists()
    assert "not json" in log_file(run).read_text()


def test_a_failure_says_the_stages_own_sentence(round: Round) -> None:
    run = queued(round, "sample", lines=[{"error": "The model folder does not exist."}], code=2)
    supervise.supervise(run.pk)
    assert state_of(run) == (RunState.FAILED, 1)
    assert run.error == "The model folder does not exist."


def test_a_failure_without_a_sentence_says_its_last_words(round: Round) -> None:
    run = queued(round, "sample", says="Segmentation what", code=3)
    supervise.supervise(run.pk)
    run.refresh_from_db()
    assert run.error == "The stage ended with code 3; its last words were: Segmentation what"


def test_a_command_that_is_not_there_fails_the_run(round: Round, settings: Settings) -> None:
    settings.STAGE_COMMAND = ["/no/such/program"]
    run = queued(round, "sample")
    supervise.supervise(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert "/no/such/program" in run.error


def test_a_stage_that_left_no_result_fails_the_run(round: Round) -> None:
    run = queued(round, "sample")
    supervise.supervise(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert "left no result.json" in run.error


@pytest.mark.parametrize(
    "files",
    [
        {"result.json": "{}"},
        {"result.json": "[1]"},
        {"result.json": result(completions="missing.jsonl")},
        {"result.json": result(completions="c.jsonl"), "c.jsonl": '{"prompt_id": "1"}'},
    ],
)
def test_a_result_that_cannot_be_recorded_fails_the_run(round: Round, files: dict[str, str]) -> None:
    run = queued(round, "sample", files=files)
    supervise.supervise(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert run.error.startswith("The stage's result cannot be recorded: ")
    assert not round.comparisons.exists()


def test_a_process_that_was_killed_is_queued_again_until_it_was_too_often(round: Round) -> None:
    run = queued(round, "sample", die_by=signal.SIGKILL)
    for attempt in range(1, runs.MAX_LOSSES):
        supervise.supervise(run.pk)
        assert state_of(run) == (RunState.QUEUED, attempt)
    supervise.supervise(run.pk)
    assert state_of(run) == (RunState.FAILED, runs.MAX_LOSSES)
    assert "ended by signal 9" in run.error


def test_a_cancelled_run_loses_its_process(round: Round, tmp_path: Path) -> None:
    run = queued(round, "sample", wait_for=str(tmp_path / "never"))
    thread = supervise_in_thread(run)
    process = psutil.Process(pid_of(run))
    assert process.nice() == min(19, psutil.Process().nice() + 5), "it stands back for the pages"
    runs.end(TrainingRun.objects.filter(pk=run.pk), state=RunState.CANCELLED)
    thread.join(20)
    assert not process.is_running()
    assert state_of(run) == (RunState.CANCELLED, 1)


def test_a_worker_that_lost_its_claim_records_nothing(round: Round, tmp_path: Path) -> None:
    files = {"completions.jsonl": completions(round), "result.json": result(completions="completions.jsonl")}
    run = queued(round, "sample", wait_for=str(tmp_path / "go"), files=files)
    thread = supervise_in_thread(run)
    pid_of(run)
    # Another worker took the run over while this one was not heard of.
    TrainingRun.objects.filter(pk=run.pk).update(attempt=2, worker="another")
    (tmp_path / "go").touch()
    thread.join(20)
    assert state_of(run) == (RunState.RUNNING, 2)
    assert not round.comparisons.exists()


def test_a_worker_that_shuts_down_gives_the_run_back(round: Round, tmp_path: Path) -> None:
    run = queued(round, "sample", wait_for=str(tmp_path / "never"))
    thread = supervise_in_thread(run)
    process = psutil.Process(pid_of(run))
    supervise.STOPPING.set()
    thread.join(20)
    assert not process.is_running()
    assert state_of(run) == (RunState.QUEUED, 1)
    assert run.losses == 0


def test_a_database_that_is_away_stops_nothing(
    round: Round, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"completions.jsonl": completions(round), "result.json": result(completions="completions.jsonl")}
    run = queued(round, "sample", wait_for=str(tmp_path / "go"), files=files)
    failures = iter(range(3))

    def away_at_first(claim: runs.Claim) -> bool:
        if next(failures, None) is not None:
            raise OperationalError("the database is restarting")
        return recorded(claim)

    recorded = record_result
    monkeypatch.setattr(supervise, "record_result", away_at_first)
    monkeypatch.setattr(supervise, "RETRY_SECONDS", 0.01)
    (tmp_path / "go").touch()
    supervise.supervise(run.pk)
    assert state_of(run) == (RunState.SUCCEEDED, 1)


def test_one_of_many_claims_wins(round: Round) -> None:
    run = queued(round, "sample")

    def claim(number: int) -> bool:
        try:
            return runs.claim(run_id=run.pk, worker=str(number)) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(claim, range(16))) == 1


def test_a_retry_writes_the_same_job_again(round: Round) -> None:
    """So the stage resumes what the failed run had done: its work folder and job are the same."""
    first = queued(round, "sample", code=2)
    supervise.supervise(first.pk)
    again = queued(round, "sample")
    assert again.job == first.job
    assert log_file(again) != log_file(first)
    assert Path(again.job["work"]).parent == stage_folder(round, "sample")
    instruct(again, code=2)
    assert os.path.isabs(again.job["work"])
