"""Simulated annotators on a real HTTP server, and what they do when it refuses or is away."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from threading import Thread

import pytest
from django.db import connection
from pytest_django.live_server_helper import LiveServer

from annotate.accounts.models import User
from annotate.accounts.services import create_token, create_user
from annotate.ranking.models import Annotation
from annotate.ranking.progress import is_collected
from annotate.rounds.models import Round, RoundState
from annotate.simulation import client as client_module
from annotate.simulation.annotators import hired, rank_round
from annotate.simulation.client import ApiError, Client, ServerAway, make_token
from annotate.simulation.judge import gold_judge
from tests.annotate.collecting import collecting_round

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def admin(live_server: LiveServer) -> Iterator[Client]:
    user, _ = create_user(username="boss", role="admin")
    with closing(Client(live_server.url, create_token(user=user, name="test")[1])) as client:
        yield client


def _end_when_collected(round: Round) -> None:
    """What the loop does in a whole house."""
    while not is_collected(round_id=round.pk):
        time.sleep(0.02)
    Round.objects.update(state=RoundState.TRAINING_REWARD)
    connection.close()


def test_it_ranks_a_round_to_its_end_and_leaves_no_open_account(
    admin: Client, live_server: LiveServer
) -> None:
    round = collecting_round(comparisons=12, k=3, overlap=2, members=0)
    judges = [gold_judge(str(seed)) for seed in range(3)]
    loop = Thread(target=_end_when_collected, args=(round,), daemon=True)
    with hired(admin, live_server.url, round.campaign_id, judges) as annotators:
        loop.start()
        assert rank_round(annotators, round.campaign_id) == 24
    loop.join()
    assert Annotation.objects.count() == 24
    assert not User.objects.filter(username__startswith="simulated", is_active=True).exists()


def test_it_raises_a_refusal_in_the_servers_words(admin: Client) -> None:
    with pytest.raises(ApiError, match=r"There is no such campaign\.") as caught:
        admin.get("/campaigns/999999")
    assert caught.value.status == 404


def test_it_makes_no_token_with_a_wrong_password(live_server: LiveServer) -> None:
    with pytest.raises(ApiError, match="do not match"):
        make_token(live_server.url, "nobody", "wrong password", "x")


def test_it_says_that_a_server_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "PATIENCE_SECONDS", 0.0)
    with closing(Client("http://127.0.0.1:1", "token")) as client, pytest.raises(ServerAway):
        client.get("/campaigns")
