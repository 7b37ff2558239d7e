"""The settings of a chat campaign."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from annotate.campaigns.chat import Chat
from annotate.campaigns.services import create_campaign, update_campaign
from annotate.errors import Invalid

SERVER = "http://gpu1:8000/v1"
ENDPOINT = {"from": "endpoint", "url": SERVER, "model": "big"}


def test_it_has_defaults() -> None:
    assert Chat.parse({}).as_dict() == {
        "turns": 6,
        "prompt_min": 1,
        "prompt_max": 4000,
        "sources": [{"from": "champion"}],
    }


def test_it_takes_every_kind_of_source() -> None:
    sources = [{"from": "champion"}, {"from": "checkpoint", "checkpoint": 3}, ENDPOINT]
    assert Chat.parse({"sources": sources}).sources == sources


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ({"turns": 0}, "chat.turns must be a whole number from 1 to 50."),
        ({"prompt_min": 9, "prompt_max": 8}, "prompt_min must be at most chat.prompt_max"),
        ({"sources": []}, "chat.sources must be 1 to 9 sources."),
        ({"sources": [{"from": "champion"}] * 10}, "chat.sources must be 1 to 9 sources."),
        ({"sources": ["champion"]}, 'chat.sources[0] must be an object whose "from" is one of'),
        ({"sources": [{"from": ["champion"]}]}, 'chat.sources[0] must be an object whose "from" is one of'),
        ({"sources": [{"from": "champion", "url": SERVER}]}, "chat.sources[0] must have just from."),
        ({"sources": [{"from": "checkpoint", "checkpoint": True}]}, "must be the number of a checkpoint"),
        ({"sources": [{**ENDPOINT, "url": "file:///etc/passwd"}]}, "must be the base address of a server"),
        ({"sources": [{**ENDPOINT, "model": "\x00"}]}, "chat.sources[0].model must be a name"),
        ({"model": "big"}, "chat.model is not a setting"),
    ],
)
def test_it_refuses(raw: dict[str, Any], reason: str) -> None:
    with pytest.raises(Invalid) as refusal:
        Chat.parse(raw)
    assert reason in str(refusal.value.detail)


@pytest.mark.django_db
def test_a_chat_shows_two_replies_unless_it_says_otherwise() -> None:
    assert create_campaign(creator=None, name="one", kind="chat").recipe["k"] == 2
    assert create_campaign(creator=None, name="two", kind="chat", recipe={"k": 3}).recipe["k"] == 3
    assert create_campaign(creator=None, name="three").recipe["k"] == 4


@pytest.mark.django_db
def test_it_asks_only_the_servers_that_the_operator_named(settings: Settings) -> None:
    campaign = create_campaign(creator=None, name="one", kind="chat")
    with pytest.raises(Invalid, match="not one that CHAT_ENDPOINTS names on this machine"):
        update_campaign(campaign=campaign, chat={"sources": [ENDPOINT]})
    settings.CHAT_ENDPOINTS = [SERVER]
    changed = update_campaign(campaign=campaign, chat={"sources": [ENDPOINT]})
    assert changed.chat["sources"] == [ENDPOINT]
    assert changed.chat["turns"] == 6
