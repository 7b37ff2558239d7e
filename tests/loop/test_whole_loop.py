"""Two rounds of the loop on real parts, at a tiny size, through HTTP and a websocket alone."""

from __future__ import annotations

import contextlib
import json
import math
import threading
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.loop.house import Api, House, prompts, rank, wait_for, wait_for_state

pytestmark = [pytest.mark.slow, pytest.mark.loop]

COMPARISONS, HELDOUT, OVERLAP = 10, 2, 2
RECIPE = {
    "k": 3, "comparisons": COMPARISONS, "heldout_share": HELDOUT / COMPARISONS, "overlap": OVERLAP,
    "max_new_tokens": 32, "temperatures": [0.8, 1.0, 1.2],
}  # fmt: skip


class Listener(threading.Thread):
    """A round page: it follows a round's websocket, and connects again from its last event when cut."""

    def __init__(self, house: House, api: Api, round_id: int) -> None:
        super().__init__(daemon=True)
        self.events: list[dict[str, Any]] = []
        self.connections = 0
        self._url = f"ws://127.0.0.1:{house.port}/ws/rounds/{round_id}"
        self._headers = {"Cookie": api.cookies(), "Origin": house.address}
        self._socket: Any = None

    def run(self) -> None:
        while not self.heard("closed"):
            after = self.events[-1]["seq"] if self.events else 0
            with connect(f"{self._url}?after={after}", additional_headers=self._headers) as self._socket:
                self.connections += 1
                with contextlib.suppress(ConnectionClosed):
                    for message in self._socket:
                        event = json.loads(message)
                        if event["kind"] != "ping":
                            self.events.append(event)
                        if self.heard("closed"):
                            return

    def cut(self) -> None:
        self._socket.close()

    def heard(self, state: str) -> bool:
        return any(event["kind"] == "state" and event["payload"]["to"] == state for event in self.events)

    def states(self) -> list[str]:
        return [event["payload"]["to"] for event in self.events if event["kind"] == "state"]


def test_people_rank_and_the_model_is_trained_and_the_next_round_starts_from_it(house: House) -> None:
    admin = house.login()
    campaign = admin.post("/campaigns", name="whole loop", recipe=RECIPE)["id"]
    admin.upload(f"/campaigns/{campaign}/prompts/import", prompts(12, 4))
    annotators = [house.member(admin, campaign, name) for name in ("bob", "eve")]

    first = admin.post(f"/campaigns/{campaign}/rounds")
    page = Listener(house, admin, first["id"])
    page.start()
    wait_for_state(admin, first["id"], "collecting")
    page.cut()
    submitted = [rank(person, campaign) for person in annotators]
    assert [len(each) for each in submitted] == [COMPARISONS] * OVERLAP
    decided = wait_for_state(admin, first["id"], "deciding")
    check_results(admin, decided)
    check_export(admin, campaign, first["id"])

    admin.post(f"/rounds/{first['id']}/promote", reason="the test says so")
    page.join(20)
    check_page(page)

    second = admin.post(f"/campaigns/{campaign}/rounds")
    assert second["start_policy"] == decided["challenger"]
    wait_for_state(admin, second["id"], "collecting")
    lease = annotators[0].post(f"/campaigns/{campaign}/lease", want=1)
    assert len(lease["assignments"][0]["completions"]) == RECIPE["k"]
    assert not {"checkpoint", "temperature", "seed"} & set(str(lease).replace("'", " ").split())
    assert admin.post(f"/rounds/{second['id']}/cancel")["state"] == "cancelled"


def check_results(admin: Api, round: dict[str, Any]) -> None:
    runs = {run["stage"]: run for run in round["runs"]}
    assert list(runs) == ["sample", "reward", "dpo", "evaluate"]
    assert {run["state"] for run in runs.values()} == {"succeeded"}
    # The untrained policy's loss, whatever the data: ln 2.
    assert runs["dpo"]["metrics"]["first_loss"] == pytest.approx(math.log(2), abs=1e-4)
    assert runs["reward"]["metrics"]["heldout_rankings"] == HELDOUT * OVERLAP
    assert admin.get(f"/runs/{runs['dpo']['id']}/metrics")[0]["step"] >= 1
    evaluation = admin.get(f"/rounds/{round['id']}/evaluation")
    assert 0 <= evaluation["metrics"]["win_rate_vs_start"] <= 1
    assert {"challenger", "start", "base"} <= set(evaluation["samples"][0])
    assert admin.get(f"/rounds/{round['id']}/rankings")["count"] == COMPARISONS * OVERLAP


def check_export(admin: Api, campaign: int, round_id: int) -> None:
    lines = admin.ask("GET", f"/campaigns/{campaign}/export?format=trl").text.splitlines()
    manifest = admin.get(f"/campaigns/{campaign}/export/manifest?format=trl")
    assert len(lines) == manifest["rows"] > 0
    assert {"prompt", "chosen", "rejected", "margin"} <= set(json.loads(lines[0]))


def check_page(page: Listener) -> None:
    assert page.connections >= 2
    # Nothing missed and nothing twice, over the cut.
    assert [event["seq"] for event in page.events] == list(range(1, len(page.events) + 1))
    assert page.states() == [
        "planned", "sampling", "collecting", "training_reward", "training_policy", "evaluating", "deciding",
        "closed",
    ]  # fmt: skip
    assert {"run", "progress", "metric", "collecting", "samples"} <= {event["kind"] for event in page.events}


def test_a_model_that_is_not_there_fails_the_round_and_a_retry_works(house: House) -> None:
    admin = house.login()
    folder = house.data / "later"
    campaign = admin.post("/campaigns", name="no model", model=str(folder), recipe=RECIPE)["id"]
    admin.upload(f"/campaigns/{campaign}/prompts/import", prompts(12, 4))
    round_id = admin.post(f"/campaigns/{campaign}/rounds")["id"]
    failed = wait_for_state(admin, round_id, "failed")
    assert failed["failed_in"] == "sampling"
    assert str(folder) in failed["failure"]
    folder.symlink_to(house.starter)
    admin.post(f"/rounds/{round_id}/retry")
    wait_for_state(admin, round_id, "collecting")
    wait_for(lambda: not house.processes("training", "sample"), "the stage to end")
    admin.post(f"/rounds/{round_id}/cancel")
