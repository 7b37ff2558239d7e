"""The periodic step of the loop: what each state does next, and that a second look changes nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from pytest_django import Settings

from annotate.celery import app
from annotate.datasets.models import Snapshot
from annotate.errors import Conflict
from annotate.live.models import LiveEvent
from annotate.loop import advance, collecting, runs
from annotate.loop.advance import advance_rounds
from annotate.loop.collecting import collecting_shape
from annotate.loop.models import RunState, TrainingRun
from annotate.loop.steps import STEPS, finish_collecting
from annotate.ranking.models import Annotation, Assignment, Comparison, Participation
from annotate.rounds.models import Checkpoint, CheckpointKind, Round, RoundEvent, RoundState
from annotate.rounds.services import cancel, retry
from annotate.rounds.transitions import move
from tests.annotate.collecting import annotator, collecting_round, members_of
from tests.annotate.loop.rounds import round_in, sampling_round

pytestmark = pytest.mark.django_db
S = RoundState


@pytest.fixture(autouse=True)
def dispatched(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The runs that a worker was told of."""
    settings.ARTIFACTS_DIR = tmp_path
    told: list[int] = []
    monkeypatch.setattr(app, "send_task", lambda name, args, queue: told.extend(args))
    return told


def state_of(round: Round) -> str:
    round.refresh_from_db()
    return round.state


def rank_all(round: Round) -> None:
    """Every comparison of the round is submitted."""
    person = members_of(round)[0]
    now = timezone.now()
    for comparison in round.comparisons.all():
        leased = Assignment.objects.create(
            comparison=comparison,
            annotator=person,
            state="submitted",
            order=[0, 1],
            leased_at=now,
            deadline=now,
        )
        Annotation.objects.create(
            assignment=leased, client_id=leased.uid, ranking=[1, 0], gaps=[2], submitted_at=now
        )
    ranked = Comparison.objects.filter(round=round).update(taken=1, submitted=1)
    Participation.objects.create(round=round, annotator=person, submitted=ranked)


def succeed(round: Round) -> None:
    """The round's open run succeeds."""
    run = round.runs.get(state=RunState.QUEUED)
    TrainingRun.objects.filter(pk=run.pk).update(
        state=RunState.SUCCEEDED, result={"metrics": {}, "files": {}}
    )


def fail(round: Round, error: str) -> None:
    """The round's open run fails."""
    TrainingRun.objects.filter(round=round, state=RunState.QUEUED).update(state=RunState.FAILED, error=error)


def test_a_planned_round_starts_to_sample() -> None:
    round = sampling_round()
    Round.objects.update(state=S.PLANNED)
    advance_rounds()
    assert state_of(round) == S.SAMPLING


@pytest.mark.parametrize(
    ("state", "stage", "then"),
    [
        (S.SAMPLING, "sample", S.COLLECTING),
        (S.TRAINING_REWARD, "reward", S.TRAINING_POLICY),
        (S.TRAINING_POLICY, "dpo", S.EVALUATING),
        (S.EVALUATING, "evaluate", S.DECIDING),
    ],
)
def test_a_state_that_needs_a_stage_has_it_run_once_and_goes_on(
    state: RoundState, stage: str, then: RoundState
) -> None:
    round = sampling_round() if state == S.SAMPLING else round_in(state)
    if state != S.SAMPLING:
        Snapshot.objects.create(round=round, path="rankings.jsonl", digest="d", counts={})
    if state == S.EVALUATING:
        for kind in CheckpointKind.values:
            Checkpoint.objects.create(
                campaign=round.campaign,
                kind=kind,
                name=kind,
                path=kind,
                round=round,
                parent=round.start_policy,
            )
    advance_rounds()
    advance_rounds()
    assert [run.stage for run in round.runs.all()] == [stage]
    succeed(round)
    advance_rounds()
    assert state_of(round) == then
    assert RoundEvent.objects.filter(round=round, to_state=then).count() == 1


def test_it_ends_the_collection_when_everything_is_ranked() -> None:
    round = collecting_round(heldout=1)
    advance_rounds()
    assert state_of(round) == S.COLLECTING
    rank_all(round)
    advance_rounds()
    assert state_of(round) == S.TRAINING_REWARD
    assert round.snapshots.get().counts["rankings"] == 3


def test_a_collection_that_everybody_skipped_fails_the_round() -> None:
    round = collecting_round()
    Comparison.objects.update(retired_at=timezone.now())
    advance_rounds()
    assert state_of(round) == S.FAILED
    assert "nobody ranked" in round.failure


def test_a_person_ends_the_collection_early() -> None:
    round = collecting_round(comparisons=3, heldout=1)
    person = annotator()
    with pytest.raises(Conflict, match="Nobody has ranked"):
        finish_collecting(round=round, actor=person)
    rank_all(round)
    Comparison.objects.filter(position=0).update(taken=0, submitted=0)
    finish_collecting(round=round, actor=person)
    assert state_of(round) == S.TRAINING_REWARD
    with pytest.raises(Conflict, match="does not collect"):
        finish_collecting(round=round, actor=person)


def test_it_tells_the_pace_of_a_few_minutes_or_of_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    round = collecting_round(comparisons=5)
    rank_all(round)
    assert collecting_shape(round)["per_minute"] == 5 / collecting.RATE_MINUTES
    Annotation.objects.update(submitted_at=timezone.now() - timedelta(seconds=30))
    monkeypatch.setattr(collecting, "RATE_MOST", 4)
    # Four in half a minute.
    assert collecting_shape(round)["per_minute"] == pytest.approx(8, rel=0.1)


def test_it_publishes_the_counts_when_they_changed() -> None:
    round = collecting_round()
    for _ in range(2):
        advance_rounds()
    told = LiveEvent.objects.filter(kind="collecting")
    assert [event.payload["submitted"] for event in told] == [0]
    rank_all(round)
    advance_rounds()
    assert [event.payload["submitted"] for event in told.order_by("seq")] == [0, 3]


def test_a_failed_stage_fails_the_round_and_a_retry_runs_it_again() -> None:
    round = sampling_round()
    advance_rounds()
    fail(round, "The disk is full.")
    advance_rounds()
    assert state_of(round) == S.FAILED
    assert (round.failed_in, round.failure) == (S.SAMPLING, "The disk is full.")
    advance_rounds()
    assert round.runs.count() == 1
    retry(round=round, actor=None)
    for _ in range(2):
        advance_rounds()
    assert state_of(round) == S.SAMPLING
    assert [run.state for run in round.runs.order_by("pk")] == [RunState.FAILED, RunState.QUEUED]


def test_a_step_that_cannot_be_done_fails_the_round_with_the_reason() -> None:
    round = round_in(S.TRAINING_REWARD)
    advance_rounds()
    assert state_of(round) == S.FAILED
    assert "no snapshot" in round.failure


@pytest.mark.parametrize("file", ["/data/prompts.jsonl", None])
def test_a_full_disk_fails_the_round_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: str | None
) -> None:
    round = sampling_round()

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device", file)

    monkeypatch.setattr("annotate.loop.inputs.write_rows", full)
    advance_rounds()
    assert state_of(round) == S.FAILED
    where = file or tmp_path
    assert round.failure == f"A file could not be written or read: No space left on device ({where})."


def test_a_database_that_is_away_is_left_to_the_next_look(monkeypatch: pytest.MonkeyPatch) -> None:
    round = sampling_round()

    def away(round_id: int) -> bool:
        raise OperationalError("the connection was lost")

    monkeypatch.setattr(advance, "_alone", away)
    advance_rounds()
    assert state_of(round) == S.SAMPLING


def test_a_person_who_is_quicker_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    round = sampling_round()

    def cancelled_meanwhile(seen: Round) -> None:
        move(round=Round.objects.get(pk=seen.pk), to=S.CANCELLED)
        move(round=seen, to=S.COLLECTING)

    monkeypatch.setitem(STEPS, S.SAMPLING, cancelled_meanwhile)
    advance_rounds()
    assert state_of(round) == S.SAMPLING  # the step and what happened inside it are undone together
    assert not RoundEvent.objects.filter(round=round, to_state=S.FAILED).exists()


def test_a_cancelled_round_cancels_what_it_had_run() -> None:
    round = sampling_round()
    advance_rounds()
    cancel(round=round, actor=None)
    advance_rounds()
    assert round.runs.get().state == RunState.CANCELLED


def test_a_run_whose_worker_is_silent_is_queued_again(django_capture_on_commit_callbacks: object) -> None:
    round = sampling_round()
    advance_rounds()
    run = round.runs.get()
    claim = runs.claim(run_id=run.pk, worker="w")
    assert claim is not None
    advance_rounds()
    run.refresh_from_db()
    assert run.state == RunState.RUNNING
    TrainingRun.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=5))
    advance_rounds()
    run.refresh_from_db()
    assert (run.state, run.losses) == (RunState.QUEUED, 1)
    assert not runs.fail(claim, error="too late")


def test_a_queued_run_that_the_broker_forgot_is_told_again(dispatched: list[int]) -> None:
    round = sampling_round()
    advance_rounds()
    run = round.runs.get()
    advance_rounds()
    dispatched.clear()
    advance_rounds()
    assert dispatched == []
    TrainingRun.objects.update(dispatched_at=timezone.now() - timedelta(minutes=5))
    advance_rounds()
    assert dispatched == [run.pk]


@pytest.mark.django_db(transaction=True)
def test_many_looks_at_once_do_one_step() -> None:
    round = sampling_round()

    def look(_: int) -> None:
        advance_rounds()
        connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(look, range(18)))
    assert round.runs.count() == 1
    succeed(round)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(look, range(18)))
    assert RoundEvent.objects.filter(to_state=S.COLLECTING).count() == 1
