"""The event log of a topic."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from annotate.live.events import forget_old, last_seq, publish
from annotate.live.models import LiveEvent


@pytest.mark.django_db
def test_it_numbers_each_topic_from_one() -> None:
    assert last_seq("round:1") == 0
    seqs = [publish(topic=topic, kind="x", payload={}).seq for topic in ("round:1", "round:1", "round:2")]
    assert seqs == [1, 2, 1]
    assert last_seq("round:1") == 2


@pytest.mark.django_db(transaction=True)
def test_it_forgets_what_is_rolled_back() -> None:
    with transaction.atomic():
        publish(topic="round:1", kind="x", payload={})
        transaction.set_rollback(True)
    assert last_seq("round:1") == 0
    assert publish(topic="round:1", kind="x", payload={}).seq == 1


@pytest.mark.django_db
def test_it_forgets_what_is_old_but_never_the_newest_of_a_topic(settings: Settings) -> None:
    settings.LIVE_EVENT_DAYS = 7
    for topic in ("round:1", "round:1", "round:1", "round:2"):
        publish(topic=topic, kind="x", payload={})
    LiveEvent.objects.filter(seq__lte=2).update(at=timezone.now() - timedelta(days=8))
    assert forget_old() == 2
    assert list(LiveEvent.objects.order_by("topic").values_list("topic", "seq")) == [
        ("round:1", 3),
        ("round:2", 1),
    ]
    LiveEvent.objects.update(at=timezone.now() - timedelta(days=8))
    assert forget_old() == 0
    assert publish(topic="round:1", kind="x", payload={}).seq == 4
    assert forget_old() == 1


@pytest.mark.django_db(transaction=True)
def test_it_numbers_without_gap_or_double_under_concurrency() -> None:
    def publish_some(writer: int) -> None:
        for number in range(10):
            publish(topic="round:1", kind="x", payload={"writer": writer, "number": number})
        connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(publish_some, range(8)))
    events = list(LiveEvent.objects.order_by("seq"))
    assert [event.seq for event in events] == list(range(1, 81))


@pytest.mark.django_db(transaction=True)
def test_a_later_number_is_never_visible_before_an_earlier_one() -> None:
    """A publisher that has not committed holds up the next one, so a reader cannot skip its event."""
    published, release = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            publish(topic="round:1", kind="slow", payload={})
            published.set()
            release.wait(10)
        connection.close()

    def quick() -> None:
        publish(topic="round:1", kind="quick", payload={})
        connection.close()

    first, second = threading.Thread(target=slow), threading.Thread(target=quick)
    first.start()
    assert published.wait(10)
    second.start()
    second.join(0.3)
    assert second.is_alive()
    assert not LiveEvent.objects.exists()
    release.set()
    first.join()
    second.join()
    assert list(LiveEvent.objects.order_by("seq").values_list("kind", flat=True)) == ["slow", "quick"]
