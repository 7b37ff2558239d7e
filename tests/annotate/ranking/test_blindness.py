"""No payload to an annotator tells where a completion came from, or what others said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from annotate.accounts.models import User
from annotate.campaigns.services import update_campaign
from annotate.ranking.models import Comparison, Completion
from annotate.rounds.models import Round
from tests.annotate.collecting import collecting_round, members_of
from tests.annotate.ranking.test_leases import client_of

pytestmark = pytest.mark.django_db
TASK = {"safety": "on", "thumbs": "beside", "flag": True, "edit": True, "agreement_shown": True}
TELLING = {
    "annotator", "champion", "checkpoint", "completion_id", "digest", "finish", "fold", "id", "index", "kind",
    "logprobs", "model", "order", "overlap", "recipe", "reward", "score", "seed", "split", "start_policy",
    "submitted", "taken", "temperature", "token_ids", "top_p", "username",
}  # fmt: skip


def keys_of(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from keys_of(each)


@pytest.fixture
def round() -> Round:
    round = collecting_round(comparisons=3, k=3, overlap=2, members=2)
    update_campaign(campaign=round.campaign, task=TASK)
    return round


def answer(**fields: Any) -> dict[str, Any]:
    said = [{"position": 0, "safe": True, "thumb": "up", "edit": "Better."}]
    return {"client_id": str(uuid4()), "ranking": [1, 0, 2], "gaps": [1, 2], "completions": said, **fields}


def everything_an_annotator_is_told(client: APIClient, campaign: str) -> Iterator[Any]:
    def post(address: str, body: dict[str, Any] | None = None) -> Any:
        reply = client.post(f"/api/{address}", body or {}, format="json")
        assert reply.status_code in (200, 201), reply.content
        return reply.json()

    leased = post(f"campaigns/{campaign}/lease", {"want": 2})
    first, second = (each["uid"] for each in leased["assignments"])
    draft = {"content": {}, "version": 0, "at": "2026-01-01T12:00:00Z"}
    yield client.put(f"/api/assignments/{first}/draft", draft, format="json").json()
    yield client.put(f"/api/assignments/{first}/draft", draft, format="json").json()
    yield leased
    yield client.get(f"/api/assignments/{first}/draft").json()
    yield post(f"assignments/{first}/extend")
    submitted = post(f"assignments/{first}/submit", answer())
    yield submitted
    amended = post(f"annotations/{submitted['uid']}/amend", answer(gaps=[3, 3]))
    yield amended
    yield post(f"annotations/{amended['uid']}/undo")
    post(f"assignments/{second}/submit", answer())
    yield client.get(f"/api/campaigns/{campaign}/annotations/mine").json()
    yield client.get(f"/api/campaigns/{campaign}/me").json()


def test_no_payload_names_a_source(round: Round) -> None:
    user, other = members_of(round)
    campaign = str(round.campaign_id)
    for _ in everything_an_annotator_is_told(client_of(other), campaign):
        pass
    payloads = list(everything_an_annotator_is_told(client_of(user), campaign))
    assert len(payloads) == 10
    secrets = [
        "starter", "d" * 64, other.username,
        *(str(uid) for uid in Comparison.objects.values_list("uid", flat=True)),
        *(str(uid) for uid in Completion.objects.values_list("uid", flat=True)),
    ]  # fmt: skip
    for payload in payloads:
        assert not TELLING & set(keys_of(payload))
        assert [secret for secret in secrets if secret in str(payload)] == []


def test_researchers_who_annotate_are_told_no_more(round: Round) -> None:
    researcher = User.objects.create(username="rosa", role="researcher")
    round.campaign.memberships.filter(user=members_of(round)[1]).update(user=researcher)
    for payload in everything_an_annotator_is_told(client_of(researcher), str(round.campaign_id)):
        assert not TELLING & set(keys_of(payload))
