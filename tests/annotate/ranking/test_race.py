"""The race: forty processes at one queue, with everything that people do to it."""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.synchronize import Barrier
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.models import Count, F, Q
from django.utils import timezone

from annotate.accounts.models import User
from annotate.errors import Conflict
from annotate.ranking.answers import Answer
from annotate.ranking.leases import TaskItem, lease, skip
from annotate.ranking.models import Annotation, Assignment, Comparison, Participation
from annotate.ranking.progress import collecting_counts, is_collected
from annotate.ranking.queue import reclaim_expired
from annotate.ranking.submissions import amend, submit, undo
from annotate.rounds.models import Round
from tests.annotate.collecting import collecting_round, members_of

PROCESSES = 40
SHARED = 3
"""Pairs of processes that act for the same person."""
COMPARISONS = 150
OVERLAP = 3
SECONDS = 240


@dataclass
class Told:
    """What the queue told one process: the annotations it accepted, and those it then withdrew."""

    accepted: list[UUID] = field(default_factory=list)
    withdrawn: list[UUID] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)


class Worker:
    """One process: leases, and does with each lease what its dice say."""

    def __init__(self, round: Round, user: User, seed: int) -> None:
        self._round, self._user = round, user
        self._dice = Random(seed)
        self.told = Told()

    def work(self) -> None:
        """Go on until the round is collected."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline and not is_collected(round_id=self._round.pk):
            want = self._dice.choice((1, 2, 3))
            tasks, _ = lease(campaign_id=self._round.campaign_id, user=self._user, want=want)
            for task in tasks:
                self._deal_with(task)
            if not tasks:
                # Others hold what is left; some of their leases will expire.
                time.sleep(0.01)

    def _deal_with(self, task: TaskItem) -> None:
        fate = self._dice.random()
        try:
            if fate < 0.02:
                skip(user=self._user, uid=task.uid)
                self.told.happened["skipped"] += 1
            elif fate < 0.12:
                self._let_expire(task)
            elif fate < 0.20:
                # Answered too late: accepted only if the slot is still free.
                self._let_expire(task)
                reclaim_expired(now=timezone.now())
                lease(campaign_id=self._round.campaign_id, user=self._user, want=1)
                self._answer(task)
            elif fate < 0.26:
                undone = undo(user=self._user, uid=self._answer(task))
                self.told.withdrawn.append(self.told.accepted[-1])
                self._answer(undone.assignment)
            elif fate < 0.32:
                self._amend(self._answer(task))
            else:
                self._answer(task)
        except Conflict:
            self.told.happened["refused"] += 1

    def _let_expire(self, task: TaskItem) -> None:
        past = timezone.now() - timedelta(seconds=1)
        Assignment.objects.filter(uid=task.uid, state="leased").update(deadline=past)
        self.told.happened["expired"] += 1

    def _amend(self, uid: UUID) -> None:
        amended, _, _ = amend(user=self._user, uid=uid, client_id=uuid4(), answer=self._say())
        self.told.withdrawn.append(uid)
        self.told.accepted.append(amended)
        self.told.happened["amended"] += 1

    def _say(self) -> Answer:
        return Answer(ranking=self._dice.sample([0, 1], 2), gaps=[self._dice.randrange(4)])

    def _answer(self, task: TaskItem) -> UUID:
        client_id, answer = uuid4(), self._say()

        def send() -> tuple[UUID, bool]:
            annotation, _, is_new = submit(user=self._user, uid=task.uid, client_id=client_id, answer=answer)
            return annotation, is_new

        annotation, is_new = send()
        assert is_new
        self.told.accepted.append(annotation)
        if self._dice.random() < 0.3:
            assert send() == (annotation, False)
            self.told.happened["repeated"] += 1
        return annotation


def _run(round: Round, user: User, seed: int, start: Barrier, results: Any) -> None:
    worker = Worker(round, user, seed)
    start.wait()
    try:
        worker.work()
        results.put(worker.told)
    except BaseException as problem:
        results.put(repr(problem))
        raise
    finally:
        connections.close_all()


def _who(people: list[User], number: int) -> User:
    return people[number // 2] if number < 2 * SHARED else people[number - SHARED]


def _race(round: Round) -> list[Told]:
    people = members_of(round)
    # No process may inherit this one's connections.
    connection = connections[DEFAULT_DB_ALIAS]
    assert isinstance(connection, DatabaseWrapper)
    connection.close()
    connection.close_pool()
    context = multiprocessing.get_context("fork")
    start, results = context.Barrier(PROCESSES), context.Queue()
    processes = [
        context.Process(target=_run, args=(round, _who(people, number), number, start, results))
        for number in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    try:
        told = [results.get(timeout=2 * SECONDS) for _ in processes]
    finally:
        for process in processes:
            process.join(10)
            process.kill()
    failures = [each for each in told if not isinstance(each, Told)]
    assert not failures, failures
    return told


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_it_collects_each_comparison_exactly_as_often_as_wanted() -> None:
    round = collecting_round(comparisons=COMPARISONS, overlap=OVERLAP, members=PROCESSES - SHARED)
    told = _race(round)
    happened = sum((each.happened for each in told), Counter[str]())
    assert all(happened[what] for what in ("skipped", "expired", "repeated", "amended", "refused")), happened

    standing = Annotation.objects.filter(withdrawn_at=None)
    # Nothing lost, nothing made up: what people were told is what there is.
    accepted = [uid for each in told for uid in each.accepted]
    withdrawn = {uid for each in told for uid in each.withdrawn}
    assert len(accepted) == len(set(accepted)) == Annotation.objects.count()
    assert set(accepted) - withdrawn == set(standing.values_list("uid", flat=True))

    # No over-collection, and nothing missing but in comparisons that were given up.
    counted = Comparison.objects.annotate(
        said=Count("assignments__annotations", filter=Q(assignments__annotations__withdrawn_at=None)),
    )
    assert not counted.exclude(said=F("submitted")).exists()
    assert not counted.filter(said__gt=OVERLAP).exists()
    assert not counted.filter(retired_at=None).exclude(said=OVERLAP).exists()
    held = Count("assignments", filter=Q(assignments__state="leased"))
    assert not Comparison.objects.annotate(held=held).exclude(taken=F("submitted") + F("held")).exists()

    # Nobody ranked a comparison twice, and everybody's own count is right.
    by_person = Counter(standing.values_list("assignment__annotator", "assignment__comparison"))
    assert set(by_person.values()) == {1}
    totals = Counter(standing.values_list("assignment__annotator", flat=True))
    counts = dict(Participation.objects.values_list("annotator", "submitted"))
    assert {person: count for person, count in counts.items() if count} == dict(totals)
    assert collecting_counts(round_id=round.pk)["submitted"] == standing.count()
