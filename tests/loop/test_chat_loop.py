"""A chat campaign from what people write to the model that answers them next, through HTTP alone."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from tests.loop.house import Api, House, submit, wait_for, wait_for_state

pytestmark = [pytest.mark.slow, pytest.mark.loop]

CONVERSATIONS, TURNS = 3, 2
RECIPE = {
    "k": 2, "comparisons": CONVERSATIONS * TURNS, "heldout_share": 0.1, "max_new_tokens": 24, "safety": True,
    "temperatures": [0.7, 1.2], "params": {"dpo": {"epochs": 1}, "evaluate": {"samples_per_prompt": 1}},
}  # fmt: skip


def test_people_talk_and_the_model_is_trained_and_answers_the_next_round(house: House) -> None:
    admin = house.login()
    settings = {"task": {"safety": "required"}, "chat": {"turns": TURNS}}
    campaign = admin.post("/campaigns", name="talks", kind="chat", recipe=RECIPE, **settings)["id"]
    talker = house.member(admin, campaign, "nora")
    first = admin.post(f"/campaigns/{campaign}/rounds")
    wait_for_state(admin, first["id"], "collecting")
    for number in range(CONVERSATIONS):
        talk(talker, campaign, f"Write a short thank-you note to friend number {number}.")
    decided = wait_for_state(admin, first["id"], "deciding")
    check_export(admin, campaign)
    check_training(decided)
    samples = admin.get(f"/rounds/{first['id']}/evaluation")["samples"]
    # The second conversation is held out whole: its first prompt, and the one that goes on from a reply.
    assert sorted(len(sample["messages"]) for sample in samples) == [1, 3]
    assert all(0 < sample["challenger"]["safe"] < 1 for sample in samples)

    admin.post(f"/rounds/{first['id']}/promote", reason="the test says so")
    second = admin.post(f"/campaigns/{campaign}/rounds")
    assert second["start_policy"] == decided["challenger"]
    wait_for_state(admin, second["id"], "collecting")
    reply = say(talker, talker.post(f"/campaigns/{campaign}/chat"), 1, "Write a short note to the new one.")
    assert all(each["text"] for each in reply["turns"][-1]["replies"])
    admin.post(f"/rounds/{second['id']}/cancel")


def talk(api: Api, campaign: int, text: str) -> None:
    """A conversation of so many turns, each ranked: the longer reply is better, and it alone is safe."""
    conversation = api.post(f"/campaigns/{campaign}/chat")
    for number in range(1, TURNS + 1):
        conversation = say(api, conversation, number, text if number == 1 else "Now make it shorter.")
        task = conversation["turns"][-1]["task"]
        best = min(task["completions"], key=lambda item: (-len(item["text"]), item["position"]))["position"]
        said = [{"position": place, "safe": place == best} for place in range(len(task["completions"]))]
        submit(api, task, completions=said)
    api.post(f"/conversations/{conversation['uid']}/finish")


def say(api: Api, conversation: dict[str, Any], number: int, text: str) -> dict[str, Any]:
    """The conversation when every reply to this message is there."""
    path = f"/conversations/{conversation['uid']}"
    api.post(f"{path}/turns", number=number, text=text)

    def answered() -> dict[str, Any] | None:
        found: dict[str, Any] = api.get(path)
        assert found["next"] in ("wait", "rank"), found
        return found if found["next"] == "rank" else None

    found: dict[str, Any] = wait_for(answered, "the replies")
    return found


def check_export(admin: Api, campaign: int) -> None:
    """A pair a ranking; the second turn's prompt goes on with what was chosen in the first."""
    text = admin.ask("GET", f"/campaigns/{campaign}/export?format=trl").text
    rows = [json.loads(line) for line in text.splitlines()]
    manifest = admin.get(f"/campaigns/{campaign}/export/manifest?format=trl")
    assert len(rows) == manifest["rows"] == CONVERSATIONS * TURNS
    assert manifest["safety_bins"]["preferred_safe"] == len(rows)
    assert manifest["folds"] == {"train": (CONVERSATIONS - 1) * TURNS, "heldout": TURNS}
    openings = {row["prompt"][0]["content"]: row for row in rows if len(row["prompt"]) == 1}
    later = [row for row in rows if len(row["prompt"]) == 3]
    assert len(openings) == len(later) == CONVERSATIONS
    for row in later:
        assert row["prompt"][1] == openings[row["prompt"][0]["content"]]["chosen"][0]


def check_training(round: dict[str, Any]) -> None:
    runs = {run["stage"]: run for run in round["runs"]}
    assert list(runs) == ["reward", "safety", "dpo", "evaluate"]
    assert {run["state"] for run in runs.values()} == {"succeeded"}
    assert runs["dpo"]["metrics"]["first_loss"] == pytest.approx(math.log(2), abs=1e-4)
    train = (CONVERSATIONS - 1) * TURNS
    for stage in ("reward", "safety"):
        counted = {name: runs[stage]["metrics"][name] for name in ("train_rankings", "heldout_rankings")}
        assert counted == {"train_rankings": train, "heldout_rankings": TURNS}
    assert runs["safety"]["metrics"]["unsafe_replies"] == train
    assert round["safety_model"]["name"] == "round 1 safety model"
