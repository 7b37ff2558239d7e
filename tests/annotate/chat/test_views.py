"""The API of chatting: who may, what is answered, and that nothing tells who wrote a reply."""

from __future__ import annotations

import json
import uuid

import pytest
from django.core.cache import cache
from django.test import Client
from rest_framework.settings import api_settings

from annotate.accounts.models import User
from annotate.chat.models import Turn
from annotate.chat.throttles import TurnThrottle
from annotate.chat.writing import claim_next, fail
from annotate.rounds.models import Round
from tests.annotate.chat.talking import answered, begin, chat_round, rank
from tests.annotate.collecting import annotator, members_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def round() -> Round:
    return chat_round(members=2, chat={"turns": 3, "prompt_max": 50})


def client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def post(user: User, path: str, **body: object) -> tuple[int, dict[str, object]]:
    answer = client(user).post(f"/api{path}", body, content_type="application/json")
    return answer.status_code, answer.json()


def test_a_conversation_from_its_beginning_to_its_end(round: Round) -> None:
    user = members_of(round)[0]
    mine = client(user).get(f"/api/campaigns/{round.campaign_id}/chat").json()
    assert mine["conversation"] is None
    assert (mine["turn_limit"], mine["prompt_min"], mine["prompt_max"]) == (3, 1, 50)
    status, conversation = post(user, f"/campaigns/{round.campaign_id}/chat")
    assert (status, conversation["next"]) == (201, "write")
    assert post(user, f"/campaigns/{round.campaign_id}/chat") == (200, conversation)
    path = f"/conversations/{conversation['uid']}"
    status, written = post(user, f"{path}/turns", number=1, text="one")
    assert (status, written["next"]) == (201, "wait")
    assert post(user, f"{path}/turns", number=1, text="one")[0] == 200
    status, refusal = post(user, f"{path}/turns", number=2, text="two")
    assert (status, "not ranked yet" in str(refusal["detail"])) == (409, True)
    status, ended = post(user, f"{path}/finish")
    assert (status, ended["next"], ended["ended"]) == (200, "over", True)


def test_it_says_what_is_to_be_done_next(round: Round) -> None:
    conversation = begin(round)
    path = f"/api/conversations/{conversation.uid}"
    mine = client(conversation.annotator)
    turn = answered(conversation, "one")
    shape = mine.get(path).json()
    assert shape["next"] == "rank"
    [shown] = shape["turns"]
    assert shown["state"] == "ready"
    assert [reply["text"] for reply in shown["replies"]] == [f"reply {index} to one" for index in turn.order]
    assert shown["task"]["completions"] == shown["replies"]
    rank(turn, best=1)
    shape = mine.get(path).json()
    assert (shape["next"], shape["turns"][0]["chosen"], shape["turns"][0]["task"]) == ("write", 1, None)
    for text in ("two", "three"):
        rank(answered(conversation, text))
    shape = mine.get(path).json()
    assert (shape["next"], shape["reason"]) == ("finish", "A conversation here has at most 3 turns.")


def test_it_says_why_there_is_no_reply_and_whether_to_try_again(round: Round) -> None:
    conversation = begin(round)
    user, path = conversation.annotator, f"/conversations/{conversation.uid}"
    for lasting in (False, True):
        post(user, f"{path}/turns", number=1, text="one")
        claim = claim_next(worker="test")
        assert claim is not None
        fail(claim, sentence="The model is tired.", lasting=lasting)
        shape = client(user).get(f"/api{path}").json()
        [turn] = shape["turns"]
        assert (shape["next"], turn["failure"], turn["may_retry"]) == (
            "mend", "The model is tired.", not lasting,
        )  # fmt: skip
        status, shape = post(user, f"{path}/retry" if not lasting else f"{path}/take-back")
        assert status == 200
    assert (shape["next"], shape["draft"]) == ("write", "one")


def test_nothing_that_an_annotator_is_sent_tells_who_wrote_a_reply(round: Round) -> None:
    conversation = begin(round)
    rank(answered(conversation, "one"))
    answered(conversation, "two")
    user = conversation.annotator
    for path in (f"campaigns/{round.campaign_id}/chat", f"conversations/{conversation.uid}", "campaigns"):
        sent = client(user).get(f"/api/{path}").content.decode()
        for secret in ("checkpoint", "starter", "temperature", "seed", "source", "token", "order", "split"):
            assert secret not in sent, path


def test_a_stranger_sees_no_conversation(round: Round) -> None:
    conversation = begin(round)
    stranger, other = annotator(), members_of(round)[1]
    path = f"/api/conversations/{conversation.uid}"
    assert Client().get(path).status_code == 401
    assert client(other).get(path).status_code == 403
    assert client(stranger).get(f"/api/campaigns/{round.campaign_id}/chat").status_code == 404
    assert client(other).get(f"/api/conversations/{uuid.uuid4()}").status_code == 404
    for action in ("turns", "retry", "take-back", "finish"):
        status, _ = post(other, f"/conversations/{conversation.uid}/{action}", number=1, text="mine now")
        assert status == 403
    draft = client(other).put(f"{path}/draft", {"text": "x"}, content_type="application/json")
    assert draft.status_code == 403
    assert not Turn.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"number": 1},
        {"number": 0, "text": "one"},
        {"number": 1, "text": ""},
        {"number": 1, "text": "x" * 51},
        {"number": 1, "text": "x" * 20_000},
        {"number": 1, "text": ["one"]},
        {"number": 10**12, "text": "one"},
        {"number": 1, "text": "a \x00 b"},
    ],
)
def test_it_refuses_a_message_that_is_none(round: Round, body: dict[str, object]) -> None:
    conversation = begin(round)
    status, refusal = post(conversation.annotator, f"/conversations/{conversation.uid}/turns", **body)
    assert status == 400
    assert str(refusal["detail"]).endswith(".")
    assert not Turn.objects.exists()


def test_half_a_surrogate_pair_is_refused(round: Round) -> None:
    conversation = begin(round)
    sent = json.dumps({"number": 1, "text": "half \ud83d"})
    path = f"/api/conversations/{conversation.uid}/turns"
    answer = client(conversation.annotator).post(path, sent, content_type="application/json")
    assert answer.status_code == 400


def test_a_person_who_writes_too_fast_waits(round: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(
        TurnThrottle, "THROTTLE_RATES", {**api_settings.DEFAULT_THROTTLE_RATES, "chat": "2/min"}
    )
    conversation = begin(round)
    path = f"/conversations/{conversation.uid}/turns"
    statuses = [post(conversation.annotator, path, number=1, text="one")[0] for _ in range(3)]
    assert statuses == [201, 200, 429]


def test_the_draft_of_a_message_is_kept(round: Round) -> None:
    conversation = begin(round)
    mine = client(conversation.annotator)
    path = f"/api/conversations/{conversation.uid}"
    answer = mine.put(f"{path}/draft", {"text": " Dear N"}, content_type="application/json")
    assert answer.status_code == 204
    assert mine.get(path).json()["draft"] == " Dear N"
