"""kill -9 of each part in the middle of things: the round still ends, with every annotation in it."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.loop.house import Api, House, prompts, rank, wait_for, wait_for_state

pytestmark = [pytest.mark.slow, pytest.mark.loop]

REDIS, POSTGRES = ["redis.sock"], ["postgres", "-D"]
SLOW_TRAINING = {"epochs": 40, "batch_prompts": 1, "save_seconds": 0.5, "learning_rate": 1e-5}


def launch(house: House, **recipe: Any) -> tuple[Api, Api, int, int]:
    """A campaign of its own with a round that takes a while; an admin, an annotator, and both ids."""
    admin = house.login()
    campaign = admin.post("/campaigns", name=f"kill {uuid.uuid4()}", model="starter")["id"]
    admin.upload(f"/campaigns/{campaign}/prompts/import", prompts(40, 6))
    annotator = house.member(admin, campaign, f"bob-{uuid.uuid4().hex[:8]}")
    recipe = {"k": 2, "comparisons": 10, "heldout_share": 0.2, "max_new_tokens": 24, **recipe}
    round_id = admin.post(f"/campaigns/{campaign}/rounds", **recipe)["id"]
    return admin, annotator, campaign, round_id


def finish(house: House, admin: Api, campaign: int, round_id: int, submitted: int) -> None:
    """See the round to its decision, with every annotation that was answered for in the snapshot."""
    round = wait_for_state(admin, round_id, "deciding")
    assert round["collecting"]["submitted"] == submitted
    folder = house.data / "artifacts" / f"campaign-{campaign}" / "round-1"
    (snapshot,) = folder.glob("rankings-*.jsonl")
    assert len(snapshot.read_text().splitlines()) == submitted
    assert admin.get(f"/rounds/{round_id}/rankings")["count"] == submitted


def kill(house: House, *words: str) -> None:
    """kill -9 of the processes whose command lines hold ``words``."""
    victims = house.processes(*words)
    assert victims, words
    for victim in victims:
        victim.kill()
    for victim in victims:
        victim.wait(10)


def wait_for_progress(admin: Api, round_id: int, stage: str) -> dict[str, Any]:
    """The stage's run as soon as it has done a step."""

    def begun() -> dict[str, Any] | None:
        runs = admin.get(f"/rounds/{round_id}")["runs"]
        return next((r for r in runs if r["stage"] == stage and r["progress"].get("step", 0) > 0), None)

    run: dict[str, Any] = wait_for(begun, f"{stage} to make progress")
    assert run["state"] == "running", run
    return run


def run_of(admin: Api, round_id: int, stage: str) -> dict[str, Any]:
    runs = admin.get(f"/rounds/{round_id}")["runs"]
    (run,) = [run for run in runs if run["stage"] == stage]
    return dict(run)


def test_a_round_that_is_hit_in_each_of_its_stages(house: House) -> None:
    """The stages' worker while it samples and while it trains the reward model; then the training process."""
    recipe = {"comparisons": 120, "max_new_tokens": 96}
    params = {"reward": SLOW_TRAINING, "dpo": SLOW_TRAINING}
    admin, annotator, campaign, round_id = launch(house, **recipe, params=params)
    wait_for_progress(admin, round_id, "sample")
    kill(house, "celery", "stages@")
    round = wait_for_state(admin, round_id, "collecting")
    assert round["collecting"]["comparisons"] == 120
    submitted = len(rank(annotator, campaign, 10))
    admin.post(f"/rounds/{round_id}/finish-collecting")
    wait_for_progress(admin, round_id, "reward")
    kill(house, "celery", "stages@")
    wait_for_progress(admin, round_id, "dpo")
    kill(house, "training", "dpo", "job.json")
    finish(house, admin, campaign, round_id, submitted)
    runs = admin.get(f"/rounds/{round_id}")["runs"]
    attempts = {run["stage"]: (run["attempt"], run["state"]) for run in runs}
    twice, once = (2, "succeeded"), (1, "succeeded")
    assert attempts == {"sample": twice, "reward": twice, "dpo": twice, "evaluate": once}


def test_the_servers_while_people_rank_and_while_models_train(house: House) -> None:
    recipe = {"comparisons": 16, "params": {"reward": SLOW_TRAINING, "dpo": SLOW_TRAINING}}
    admin, annotator, campaign, round_id = launch(house, **recipe)
    wait_for_state(admin, round_id, "collecting")
    submitted = rank_through_kills(house, annotator, campaign, {5: REDIS, 10: POSTGRES})
    wait_for(lambda: running_stage(admin, round_id) == "reward", "the reward model to train")
    kill(house, *REDIS)
    wait_for(lambda: running_stage(admin, round_id) == "dpo", "the policy to train")
    kill(house, *POSTGRES)
    finish(house, admin, campaign, round_id, submitted)


def running_stage(admin: Api, round_id: int) -> str | None:
    answer = admin.ask("GET", f"/rounds/{round_id}")
    runs = answer.json()["runs"] if answer.is_success else []
    return next((r["stage"] for r in runs if r["state"] == "running" and r["progress"].get("step")), None)


def rank_through_kills(house: House, annotator: Api, campaign: int, kills: dict[int, list[str]]) -> int:
    """Rank everything as a page does, which sends again what was not answered; returns how many were told.

    ``kills`` says after how many of them what is killed.
    """
    told = 0
    while True:
        leased = insist(annotator, f"/campaigns/{campaign}/lease", {"want": 2})
        if not leased["assignments"]:
            return told
        for assignment in leased["assignments"]:
            count = len(assignment["completions"])
            body = {
                "client_id": str(uuid.uuid4()),
                "ranking": list(range(count)),
                "gaps": [2] * (count - 1),
            }
            insist(annotator, f"/assignments/{assignment['uid']}/submit", body)
            told += 1
            if told in kills:
                kill(house, *kills[told])


def insist(api: Api, path: str, body: dict[str, Any]) -> Any:
    """Send until the server answers; a server that is away answers with 5xx, or not at all."""

    def sent() -> httpx.Response | None:
        try:
            answer = api.ask("POST", path, json=body)
        except httpx.TransportError:
            return None
        return None if answer.status_code >= 500 else answer

    answer: httpx.Response = wait_for(sent, f"an answer of {path}", seconds=60)
    assert answer.is_success, answer.text
    return answer.json()


def test_a_cancelled_round_leaves_no_process(house: House) -> None:
    admin, _, _, round_id = launch(house, comparisons=200, max_new_tokens=96)
    wait_for_progress(admin, round_id, "sample")
    admin.post(f"/rounds/{round_id}/cancel")
    wait_for(lambda: not house.processes("training", "sample"), "the process to end", seconds=40)
    assert run_of(admin, round_id, "sample")["state"] == "cancelled"


def test_everything_at_once_and_the_next_start_goes_on(tmp_path: Path) -> None:
    house = House(tmp_path / "house")
    try:
        house.start()
        admin, annotator, campaign, round_id = launch(house, params={"reward": SLOW_TRAINING})
        wait_for_state(admin, round_id, "collecting")
        submitted = len(rank(annotator, campaign))
        wait_for_progress(admin, round_id, "reward")
        house.kill()
        house.start()
        finish(house, house.login(), campaign, round_id, submitted)
        logins = json.loads((house.data / "logins.json").read_text())
        assert logins["admin"] in (house.data / "up.log").read_text()
    finally:
        if house.process is not None and house.process.poll() is None:
            house.stop()
    assert not house.processes()
