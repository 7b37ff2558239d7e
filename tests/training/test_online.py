"""The online stage: fresh replies, labelled by the reward model."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from tests.training.tiny import prompt_rows, ranking_rows, run_stage, write_job, write_lines
from training.__main__ import main
from training.contracts import CompletionRow, read_completions
from training.process import StopFlag

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def reward_model(tmp_path_factory: pytest.TempPathFactory, model_folder: Callable[[str], str]) -> str:
    """One that has learnt, from replies of the policy itself, to like tokens with small ids."""
    folder = tmp_path_factory.mktemp("reward")
    prompts = write_lines(folder / "prompts.jsonl", prompt_rows(30))
    sampled, _ = run_stage(
        write_job(
            folder,
            "sample",
            policy=model_folder("llama"),
            prompts=prompts,
            k=4,
            sampling={"max_new_tokens": 8},
        )
    )
    replies: dict[str, list[CompletionRow]] = defaultdict(list)
    for row in read_completions(sampled / "completions.jsonl"):
        replies[row.prompt_id].append(row)
    rows = []
    for prompt in prompt_rows(30):
        best_first = sorted(replies[prompt["prompt_id"]], key=mean_id)
        completions = [{"text": one.text, "token_ids": one.token_ids} for one in best_first]
        rows.append({**prompt, "completions": completions, "gaps": [1, 1, 1]})
    params = {"epochs": 4, "full_learning_rate": 0.003}
    rankings = write_lines(folder / "rankings.jsonl", rows[:24])
    write_lines(folder / "gold.jsonl", rows)
    output, _ = run_stage(
        write_job(folder, "reward", policy=model_folder("llama"), rankings=[rankings], params=params)
    )
    return str(output / "checkpoint")


def mean_id(row: CompletionRow) -> float:
    return sum(row.token_ids) / len(row.token_ids)


def online_job(folder: Path, policy: str, reward_model: str, **fields: Any) -> Path:
    folder.mkdir(exist_ok=True)
    settings: dict[str, Any] = {
        "prompts": write_lines(folder / "prompts.jsonl", prompt_rows(8)),
        "sampling": {"max_new_tokens": 8},
        "params": {"k": 4, "batch_prompts": 4, "epochs": 2},
    }
    return write_job(folder, "online", policy=policy, reward_model=reward_model, **{**settings, **fields})


def test_it_learns_what_the_reward_model_likes(
    tmp_path: Path, model_folder: Callable[[str], str], reward_model: str
) -> None:
    params = {"k": 6, "batch_prompts": 8, "epochs": 32, "full_learning_rate": 0.02, "anchor": 0.0}
    output, metrics = run_stage(online_job(tmp_path, model_folder("llama"), reward_model, params=params))
    assert metrics["first_loss"] == pytest.approx(0.693147, abs=1e-4)
    assert metrics["steps"] == 32
    assert metrics["reward"] > metrics["first_reward"] + 0.3
    assert metrics["kl"] > 1
    assert (output / "checkpoint" / "model.safetensors").exists()


class StopAfter(StopFlag):
    """Told to stop once a step that began after so many questions is over."""

    def __init__(self, questions: int) -> None:
        super().__init__()
        self.left = questions

    def check(self) -> None:
        self.left -= 1
        if self.left == 0:
            self.requested = True
        super().check()


@pytest.mark.parametrize(
    ("lora", "questions", "refresh"),
    [(None, 20, 0), (None, 35, 1), ({"rank": 4, "alpha": 8, "dropout": 0.1}, 35, 0)],
)
def test_it_ends_with_the_same_weights_after_a_stop(
    tmp_path: Path,
    model_folder: Callable[[str], str],
    reward_model: str,
    lora: dict[str, Any] | None,
    questions: int,
    refresh: int,
) -> None:
    """Two steps a draw, and state saved at each: it goes on in the middle of a draw, or at its beginning."""
    params = {"k": 3, "batch_prompts": 2, "steps_per_draw": 2, "epochs": 2, "save_seconds": 0}
    params |= {"refresh_every": refresh, "refresh_rankings": 2}
    gold = Path(reward_model).parent.parent / "gold.jsonl"
    fields: dict[str, Any] = {"lora": lora, "params": params, "rankings": [str(gold)]}
    whole, metrics = run_stage(online_job(tmp_path / "whole", model_folder("llama"), reward_model, **fields))
    assert metrics["steps"] == 8
    job = online_job(tmp_path / "stopped", model_folder("llama"), reward_model, **fields)
    assert main(["online", str(job)], StopAfter(questions)) == 143
    assert (tmp_path / "stopped" / "online-work" / "state-loop.safetensors").exists()
    stopped, _ = run_stage(job)
    one, other = (load_file(path / "checkpoint" / "model.safetensors") for path in (whole, stopped))
    assert all(torch.equal(one[name], other[name]) for name in one)


def refreshed(folder: Path, policy: str, reward_model: str, **params: Any) -> Path:
    """A job whose reward model has six rankings to learn that it does not know."""
    gold = Path(reward_model).parent.parent / "gold.jsonl"
    settings = {"k": 3, "batch_prompts": 2, "epochs": 1, "save_seconds": 0, "refresh_every": 1, **params}
    return online_job(folder, policy, reward_model, rankings=[str(gold)], params=settings)


def test_its_reward_model_learns_beside_it_what_is_new(
    tmp_path: Path, model_folder: Callable[[str], str], reward_model: str
) -> None:
    """Four draws: two rankings at each of the first three refreshes, and none are left for the last."""
    before = load_file(Path(reward_model) / "model.safetensors")
    job = refreshed(tmp_path, model_folder("llama"), reward_model, refresh_rankings=2, refresh_rate=0.02)
    output, metrics = run_stage(job)
    assert metrics["gold_rankings"] == 6
    with safe_open(tmp_path / "online-work" / "state-loop.safetensors", framework="pt") as state:
        log = json.loads(state.metadata()["log"])
    assert [step["gold"] for step in log] == [2, 4, 6, 6]
    assert all(0 <= step["gold_accuracy"] <= 1 for step in log)
    plain, _ = run_stage(refreshed(tmp_path / "plain", model_folder("llama"), reward_model, refresh_every=0))
    ours, theirs = (load_file(path / "checkpoint" / "model.safetensors") for path in (output, plain))
    assert any(not torch.equal(ours[name], theirs[name]) for name in ours)
    after = load_file(Path(reward_model) / "model.safetensors")
    assert all(torch.equal(before[name], after[name]) for name in before), "the stored one never changes"


def test_labels_that_come_while_it_is_stopped_are_learnt_at_the_next_refresh(
    tmp_path: Path, model_folder: Callable[[str], str], reward_model: str
) -> None:
    gold = Path(reward_model).parent.parent / "gold.jsonl"
    arriving = tmp_path / "arriving.jsonl"
    lines = gold.read_text().splitlines(True)[24:]
    arriving.write_text("".join(lines[:1]))
    job = refreshed(tmp_path, model_folder("llama"), reward_model)
    job.write_text(json.dumps({**json.loads(job.read_text()), "rankings": [str(arriving)]}))
    assert main(["online", str(job)], StopAfter(25)) == 143
    arriving.write_text("".join(lines))
    assert run_stage(job)[1]["gold_rankings"] == 6
    (tmp_path / "again").mkdir()
    job = refreshed(tmp_path / "again", model_folder("llama"), reward_model, epochs=2)
    job.write_text(json.dumps({**json.loads(job.read_text()), "rankings": [str(arriving)]}))
    assert main(["online", str(job)], StopAfter(25)) == 143
    arriving.write_text("".join(lines[:1]))
    assert main(["online", str(job)]) == 2


def test_a_reward_model_that_does_not_say_what_it_knows_is_not_refreshed(
    tmp_path: Path, model_folder: Callable[[str], str], reward_model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    silent = tmp_path / "silent"
    shutil.copytree(reward_model, silent)
    (silent / "trained_on.txt").unlink()
    job = online_job(tmp_path, model_folder("llama"), str(silent), params={"refresh_every": 1})
    assert main(["online", str(job)]) == 2
    assert "has no trained_on.txt" in capsys.readouterr().err


def test_it_keeps_to_another_reference_than_where_it_starts(
    tmp_path: Path, model_folder: Callable[[str], str], reward_model: str
) -> None:
    """As the second method of a recipe: what came before it has moved the policy."""
    llama = model_folder("llama")
    rankings = write_lines(tmp_path / "r.jsonl", ranking_rows(8))
    before, _ = run_stage(
        write_job(tmp_path, "dpo", policy=llama, rankings=[rankings], params={"full_learning_rate": 0.01})
    )
    job = online_job(tmp_path, str(before / "checkpoint"), reward_model, reference=llama)
    _, metrics = run_stage(job)
    assert metrics["first_loss"] != pytest.approx(0.693147, abs=1e-4)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"params": {"k": 1}}, "at least 2 replies"),
        ({"params": {"steps_per_draw": 0}}, "must be at least 1"),
        ({"reward_model": ""}, "names no reward model"),
        ({"prompts": "/nowhere.jsonl"}, "cannot be read"),
        ({"sampling": {"temperatures": [0.0], "max_new_tokens": 4}}, "no pair to learn from"),
    ],
)
def test_it_refuses_what_it_cannot_learn_from(
    tmp_path: Path,
    model_folder: Callable[[str], str],
    reward_model: str,
    capsys: pytest.CaptureFixture[str],
    fields: dict[str, Any],
    says: str,
) -> None:
    fields = {"reward_model": reward_model, **fields}
    assert main(["online", str(online_job(tmp_path, model_folder("llama"), **fields))]) == 2
    assert says in capsys.readouterr().err
