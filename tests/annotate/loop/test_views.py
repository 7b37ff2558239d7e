"""The endpoints of rounds and runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from annotate.accounts.models import User
from annotate.campaigns.models import Campaign
from annotate.celery import app
from annotate.live.events import last_seq
from annotate.loop.jobs import log_file, stage_folder
from annotate.loop.models import RunMetric, RunState, TrainingRun
from annotate.loop.runs import queue_run
from annotate.ranking.models import Comparison, Participation
from annotate.rounds.models import Checkpoint, Round, RoundState
from annotate.rounds.transitions import move
from tests.annotate.collecting import annotator, collecting_round
from tests.annotate.loop.rounds import completions, round_in, sampling_round

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_broker(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ARTIFACTS_DIR = tmp_path
    monkeypatch.setattr(app, "send_task", lambda *args, **kwargs: None)


@pytest.fixture
def researcher() -> Client:
    client = Client()
    client.force_login(User.objects.create(username="ada", role="researcher"))
    return client


def post(client: Client, url: str, **body: Any) -> tuple[int, Any]:
    answer = client.post(url, body, content_type="application/json")
    return answer.status_code, answer.json()


def test_it_launches_and_lists_rounds(researcher: Client) -> None:
    round = collecting_round(heldout=1)
    url = f"/api/campaigns/{round.campaign_id}/rounds"
    assert post(researcher, url)[0] == 409
    move(round=round, to=RoundState.CANCELLED)
    status, launched = post(researcher, url, comparisons=7)
    assert (status, launched["number"], launched["state"]) == (201, 2, "planned")
    assert launched["recipe"]["comparisons"] == 7
    assert launched["last_seq"] == last_seq(f"round:{launched['id']}") == 1
    assert [each["number"] for each in researcher.get(url).json()] == [2, 1]


@pytest.mark.parametrize("body", [{"k": 1}, {"nonsense": 1}, {"temperatures": []}, {"params": {"dpo": 3}}])
def test_it_refuses_a_wrong_recipe(researcher: Client, body: dict[str, Any]) -> None:
    campaign = sampling_round().campaign
    Round.objects.update(state="cancelled")
    status, answer = post(researcher, f"/api/campaigns/{campaign.pk}/rounds", **body)
    assert status == 400
    assert answer["detail"].startswith("recipe.")


def test_it_refuses_a_body_that_is_no_object(researcher: Client) -> None:
    campaign = sampling_round().campaign
    Round.objects.update(state="cancelled")
    url = f"/api/campaigns/{campaign.pk}/rounds"
    assert researcher.post(url, "[1]", content_type="application/json").status_code == 400
    assert researcher.post(url, "{", content_type="application/json").status_code == 400


def test_it_shows_a_round_with_its_runs_and_moves(researcher: Client) -> None:
    round = sampling_round()
    run = queue_run(round=round, stage="sample")
    move(round=round, to=RoundState.FAILED, reason="no disk")
    shown = researcher.get(f"/api/rounds/{round.pk}").json()
    assert (shown["state"], shown["failed_in"], shown["failure"]) == ("failed", "sampling", "no disk")
    assert shown["runs"][0]["id"] == run.pk
    assert shown["runs"][0]["metrics"] is None
    assert shown["events"][-1]["reason"] == "no disk"
    assert shown["collecting"] == {
        "comparisons": 0, "wanted": 0, "submitted": 0, "leased": 0, "retired": 0, "per_minute": 0.0,
    }  # fmt: skip
    assert shown["challenger"] is None
    assert shown["evaluation"] is None


@pytest.mark.parametrize(
    ("action", "state", "then"),
    [
        ("cancel", "collecting", "cancelled"),
        ("promote", "deciding", "closed"),
        ("reject", "deciding", "closed"),
        ("finish-collecting", "collecting", "training_reward"),
    ],
)
def test_an_action_moves_a_round_once(researcher: Client, action: str, state: str, then: str) -> None:
    round = round_in(RoundState(state))
    Checkpoint.objects.create(
        campaign=round.campaign, kind="policy", name="new", path="x", round=round, parent=round.start_policy
    )
    Comparison.objects.update(taken=1, submitted=1)
    Participation.objects.create(round=round, annotator=annotator(), submitted=1)
    url = f"/api/rounds/{round.pk}/{action}"
    status, answer = post(researcher, url)
    assert (status, answer["state"]) == (200, then)
    assert post(researcher, url)[0] == 409


def test_a_retry_needs_a_failed_round(researcher: Client) -> None:
    round = sampling_round()
    assert post(researcher, f"/api/rounds/{round.pk}/retry")[0] == 409
    move(round=round, to=RoundState.FAILED, reason="no disk")
    assert post(researcher, f"/api/rounds/{round.pk}/retry")[1]["state"] == "sampling"


def test_a_retry_may_tell_the_stages_otherwise(researcher: Client) -> None:
    round = sampling_round()
    round.recipe["params"] = {"dpo": {"bata": 0.1}}
    round.save()
    move(round=round, to=RoundState.FAILED, reason="Unknown params: bata.")
    url = f"/api/rounds/{round.pk}/retry"
    wrongs: list[Any] = [{"dpo": 3}, {"zap": {}}, [], "x", None]
    for wrong in wrongs:
        code, told = post(researcher, url, params=wrong)
        assert (code, "params" in told["detail"]) == (400, True)
    code, told = post(researcher, url, params={"dpo": {"beta": 0.1}})
    assert (code, told["state"], told["recipe"]["params"]) == (200, "sampling", {"dpo": {"beta": 0.1}})
    assert told["events"][-1]["reason"] == 'retried with params {"dpo": {"beta": 0.1}}'
    assert told["recipe"]["k"] == round.recipe["k"]


def test_it_shows_metrics_and_the_log_of_a_run(researcher: Client) -> None:
    run = queue_run(round=sampling_round(), stage="sample")
    RunMetric.objects.create(run=run, step=2, values={"loss": 0.5})
    RunMetric.objects.create(run=run, step=1, values={"loss": 0.7})
    curve = researcher.get(f"/api/runs/{run.pk}/metrics").json()
    assert [(point["step"], point["values"]["loss"]) for point in curve] == [(1, 0.7), (2, 0.5)]
    assert researcher.get(f"/api/runs/{run.pk}/log").content == b""
    log_file(run).write_bytes(b"x" * 300_000 + b"\xff the end")
    text = researcher.get(f"/api/runs/{run.pk}/log").content.decode()
    assert len(text) <= 200_000
    assert text.endswith("� the end")


def test_it_shows_samples_while_they_are_drawn(researcher: Client) -> None:
    round = sampling_round()
    url = f"/api/rounds/{round.pk}/samples"
    assert researcher.get(url).json() == []
    work = stage_folder(round, "sample") / "work"
    work.mkdir(parents=True)
    (work / "state-completions.jsonl").write_text(completions(round) + '\n{"cut')
    shown = researcher.get(f"{url}?limit=3").json()
    assert {"prompt", "text", "temperature", "finish"} == set(shown[0])
    assert researcher.get(f"{url}?limit=0").status_code == 400


def test_it_shows_recorded_samples(researcher: Client) -> None:
    round = collecting_round(comparisons=2)
    shown = researcher.get(f"/api/rounds/{round.pk}/samples?limit=1").json()
    number = shown[0]["prompt"].removeprefix("Prompt ")
    expected = {"prompt": f"Prompt {number}", "text": f"reply 1 to {number}"}
    assert shown == [{**expected, "temperature": 1.0, "finish": "stop"}]


def test_it_shows_the_evaluation(researcher: Client, tmp_path: Path) -> None:
    round = round_in(RoundState.EVALUATING)
    assert researcher.get(f"/api/rounds/{round.pk}/evaluation").status_code == 404
    (tmp_path / "evaluation.jsonl").write_text(json.dumps({"prompt_id": "1", "messages": []}) + "\n")
    result = {"metrics": {"win_rate": 0.7}, "files": {"evaluation": "evaluation.jsonl"}}
    TrainingRun.objects.create(
        round=round, stage="evaluate", job={"output": str(tmp_path)}, state=RunState.SUCCEEDED, result=result
    )
    shown = researcher.get(f"/api/rounds/{round.pk}/evaluation").json()
    assert shown["metrics"] == {"win_rate": 0.7}
    assert len(shown["samples"]) == 1
    assert researcher.get(f"/api/rounds/{round.pk}").json()["evaluation"] == {"metrics": {"win_rate": 0.7}}


def test_it_lists_checkpoints_and_marks_the_champion(researcher: Client) -> None:
    campaign = Campaign.objects.get(pk=round_in(RoundState.DECIDING).campaign_id)
    shown = researcher.get(f"/api/campaigns/{campaign.pk}/checkpoints").json()
    assert [(each["name"], each["champion"]) for each in shown] == [("starter", True)]


def test_it_is_not_for_annotators_nor_strangers() -> None:
    round = sampling_round()
    run = queue_run(round=round, stage="sample")
    client = Client()
    urls = [
        f"/api/campaigns/{round.campaign_id}/rounds", f"/api/campaigns/{round.campaign_id}/checkpoints",
        f"/api/rounds/{round.pk}", f"/api/rounds/{round.pk}/samples", f"/api/rounds/{round.pk}/evaluation",
        f"/api/runs/{run.pk}/metrics", f"/api/runs/{run.pk}/log",
    ]  # fmt: skip
    assert {client.get(url).status_code for url in urls} == {401}
    client.force_login(annotator())
    assert {client.get(url).status_code for url in urls} == {403}
    actions = ["cancel", "retry", "finish-collecting", "promote", "reject"]
    assert {post(client, f"/api/rounds/{round.pk}/{action}")[0] for action in actions} == {403}


def test_it_does_not_know_what_is_not_there(researcher: Client) -> None:
    for url in ("/api/rounds/9999", "/api/runs/9999/log", "/api/campaigns/9999/rounds", "/api/nonsense"):
        answer = researcher.get(url)
        assert answer.status_code == 404
        assert answer.json()["detail"]
