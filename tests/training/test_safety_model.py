"""The safety stage: what a second reward model learns of safety, and the chances that it gives."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.tiny import prompt_rows, ranking_rows, run_stage, write_job, write_lines
from training.calling import Called, Line, call_metrics, fit_line
from training.combination import Combination, Scale
from training.contracts import (
    ContractError,
    EvaluatedSample,
    EvaluationRow,
    Message,
    RankedCompletion,
    RankingRow,
    read_job,
    read_rankings,
)
from training.data import Encoder
from training.losses import said_safe
from training.models import load_tokenizer
from training.params import SafetyParams
from training.safety_rankings import choose, why_not
from training.scoring import RewardModel
from training.stages.evaluate import compare


@pytest.fixture
def llama(model_folder: Callable[[str], str]) -> str:
    return model_folder("llama")


@pytest.fixture
def encoder(llama: str) -> Encoder:
    return Encoder(load_tokenizer(llama, "policy"), context=256, vocabulary=300)


def row(name: str, safe: list[bool | None], *, fold: Any = "train") -> RankingRow:
    completions = [RankedCompletion(f"tea {n}", safe=said) for n, said in enumerate(safe)]
    gaps: list[int | None] = [1] * (len(safe) - 1)
    return RankingRow(name, [{"role": "user", "content": name}], completions, gaps, fold)


def test_it_pays_for_a_label_by_its_cross_entropy() -> None:
    scores = torch.tensor([0.0, math.log(3), 5.0, -math.log(3)])
    # -log sigmoid(0); -log sigmoid(-log 3) = log(1 + 3); nothing said; -log sigmoid(-log 3)
    paid = said_safe(scores, [True, False, None, True])
    assert paid.tolist() == pytest.approx([math.log(2), math.log(4), math.log(4)])


def test_it_learns_what_is_about_safety_and_a_tenth_of_the_rest(encoder: Encoder) -> None:
    rows = [row(f"unsafe {n}", [True, False]) for n in range(9)]
    rows += [row(f"safe {n}", [True, True]) for n in range(20)] + [row("unsaid", [None, None])]
    rows += [row("held out", [True, True], fold="heldout")]
    found = choose(rows, encoder, SafetyParams(), seed=1)
    assert (len(found.train), found.helpful, len(found.heldout)) == (10, 1, 1)
    assert [ranking.prompt_id for ranking in found.train[:9]] == [f"unsafe {n}" for n in range(9)]
    assert found == choose(rows, encoder, SafetyParams(), seed=1)
    assert choose(rows, encoder, SafetyParams(helpful_share=0), seed=1).helpful == 0
    assert choose(rows, encoder, SafetyParams(helpful_share=0.9), seed=1).helpful == 21


def test_it_leaves_out_pairs_that_prefer_what_is_unsafe_and_keeps_their_labels(encoder: Encoder) -> None:
    found = choose([row("a", [True, False, True]), row("b", [False, True])], encoder, SafetyParams(), 0)
    assert [ranking.pairs for ranking in found.train] == [[(0, 1, 1), (0, 2, 2)], []]
    assert [ranking.safe for ranking in found.train] == [(True, False, True), (False, True)]


def test_it_refuses_to_learn_nothing_but_helpfulness(encoder: Encoder) -> None:
    with pytest.raises(ContractError, match="must be below 1"):
        choose([row("a", [True, False])], encoder, SafetyParams(helpful_share=1), 0)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "Nobody has said"),
        ([row("a", [None, None]), row("b", [True, False], fold="heldout")], "Nobody has said"),
        ([row("a", [True, None])], "is safe, so"),
        ([row("a", [False, False])], "is unsafe, so"),
        ([row("a", [True, None]), row("b", [False, None])], ""),
    ],
)
def test_it_says_why_there_is_nothing_to_learn(rows: list[RankingRow], reason: str) -> None:
    assert why_not(rows).startswith(reason) or reason in why_not(rows)
    assert bool(why_not(rows)) == bool(reason)


def labels(prompt: int, scores: list[float], safe: list[bool]) -> Called:
    return Called(str(prompt), torch.tensor(scores), torch.tensor(safe))


def test_it_fits_the_share_that_is_safe_and_stays_where_it_was_without_labels() -> None:
    start = Line(2.0, 0.5)
    assert fit_line([], start) == start
    # Every score is 0 and three in four are safe: the shift goes to log 3, the slope says nothing and stays.
    line = fit_line([labels(n, [0.0] * 4, [True, True, True, False]) for n in range(2000)], start)
    assert line.shift == pytest.approx(math.log(3), abs=1e-3)
    assert line.slope == pytest.approx(2.0, rel=1e-3)
    # With one label, all right: the prior keeps the chance from 1.
    assert fit_line([labels(0, [1.0], [True])], Line(1.0, 0.0)).slope < 2


def test_it_fits_the_slope_of_the_chances() -> None:
    # Of scores 1 and -1, nine in ten and one in ten are safe: logit(0.9) = log 9 at 1, so the slope is log 9.
    rows = [labels(n, [1.0, -1.0], [n % 10 != 0, n % 10 == 0]) for n in range(4000)]
    line = fit_line(rows, Line(1.0, 0.0))
    assert line.slope == pytest.approx(math.log(9), rel=1e-2)
    assert line.shift == pytest.approx(0, abs=1e-3)


def test_it_tells_unsafe_replies_on_prompts_that_it_was_not_fitted_on() -> None:
    # Five prompts a line each; logits are about -4 (unsafe, twice), -1 (unsafe), +4 (safe).
    rows = [labels(n, [-4.0, -4.0, -1.0, 4.0], [False, False, False, True]) for n in range(5)]
    found = call_metrics(rows, Line(1.0, 0.0))
    assert (found["safe"], found["unsafe"], found["recall"]) == (5, 15, 1.0)
    assert found["threshold"]["precision"] == 1.0
    assert call_metrics([], Line(1.0, 0.0)) == {
        "safe": 0, "unsafe": 0, "log_loss": None, "recall": None,
        "threshold": {"precision": None, "recall": None, "replies": 0},
    }  # fmt: skip


def test_it_moves_the_score_whose_chance_is_a_half_to_0() -> None:
    raw = torch.tensor([[1.0], [3.0]])
    combination = Combination(Scale(2.0, 0.5))
    assert combination.combine(raw).tolist() == [-2.0, 2.0]
    assert combination.shifted(0.5).combine(raw).tolist() == [-1.5, 2.5]
    # The raw logit is unit * score + centre, one member or two that say the same.
    assert (combination.unit, combination.centre) == (0.5, 2.0)
    twice = Combination(Scale(1.0, 2.0), (Scale(3.0, 0.5), Scale(3.0, 0.5)))
    scores = twice.combine(torch.tensor([[1.0, 1.0], [4.0, 4.0]]))
    assert (twice.unit * scores + twice.centre).tolist() == pytest.approx([1.0, 4.0])


def unsafe_rows(count: int, *, heldout: int) -> list[dict[str, Any]]:
    """Rankings of three whose last reply is unsafe, and says so; every fifth is about helpfulness alone."""
    rows = ranking_rows(count, heldout=heldout)
    for n, each in enumerate(rows):
        for place, completion in enumerate(each["completions"]):
            completion["safe"] = n % 5 == 0 or place < 2
            if not completion["safe"]:
                completion["text"] += " garden garden"
    return rows


@pytest.mark.slow
@pytest.mark.parametrize("members", [1, 2])
def test_it_gives_the_chance_that_a_reply_is_safe(tmp_path: Path, llama: str, members: int) -> None:
    rankings = write_lines(tmp_path / "rankings.jsonl", unsafe_rows(40, heldout=10))
    job = write_job(
        tmp_path, "safety", policy=llama, rankings=[rankings],
        params={"full_learning_rate": 0.01, "epochs": 4, "members": members},
    )  # fmt: skip
    output, metrics = run_stage(job)
    assert (metrics["train_rankings"], metrics["helpful_rankings"], metrics["heldout_rankings"]) == (
        27,
        3,
        10,
    )
    assert set(metrics["heldout_accuracy_by_bin"]) == {"preferred_safe", "both_safe"}
    assert metrics["heldout_accuracy_by_bin"]["preferred_safe"]["accuracy"] > 0.9
    assert metrics["labels"]["recall"] > 0.8
    model = RewardModel(str(output / "checkpoint"), read_job(job), "safety model")
    group = model.encoder.group(
        "p",
        [{"role": "user", "content": "tea"}],
        [RankedCompletion("warm warm tea"), RankedCompletion("warm warm tea garden garden")],
    )
    safe, unsafe = torch.sigmoid(model.rewards([group], 1000)[0] / model.temperature).tolist()
    assert safe > 0.5 > unsafe
    assert json.loads((output / "checkpoint/meta.json").read_text())["kind"] == "safety"


def sample(safe: float | None) -> EvaluatedSample:
    return EvaluatedSample("tea", 0.0, 1, "stop", safe)


def test_it_counts_the_replies_of_each_policy_that_are_rather_unsafe() -> None:
    turns: list[Message] = [{"role": "user", "content": "tea"}]
    # Prompt a: one of two is below a half; prompt b: both are. A half itself is not unsafe.
    rows = [
        EvaluationRow(prompt, turns, index, sample(chance), sample(0.9), sample(0.5))
        for prompt, index, chance in (("a", 0, 0.2), ("a", 1, 0.6), ("b", 0, 0.4), ("b", 1, 0.1))
    ]
    found = compare(rows, bootstrap=10, seed=0)
    assert (found["unsafe"], found["start_unsafe"], found["base_unsafe"]) == (0.75, 0.0, 0.0)
    unsaid = [EvaluationRow("a", turns, 0, sample(None), sample(None), sample(None))]
    assert "unsafe" not in compare(unsaid, bootstrap=10, seed=0)


@pytest.mark.slow
def test_it_judges_what_policies_write(tmp_path: Path, llama: str) -> None:
    rankings = write_lines(tmp_path / "rankings.jsonl", unsafe_rows(10, heldout=0))
    models = {}
    for stage in ("reward", "safety"):
        output, _ = run_stage(write_job(tmp_path, stage, policy=llama, rankings=[rankings]))
        models[f"{stage}_model"] = str(output / "checkpoint")
    prompts = write_lines(tmp_path / "prompts.jsonl", prompt_rows(2))
    job = write_job(tmp_path, "evaluate", policy=llama, prompts=prompts, params={"bootstrap": 10}, **models)
    output, metrics = run_stage(job)
    rows = [json.loads(line) for line in (output / "evaluation.jsonl").read_text().splitlines()]
    assert all(0 < row["challenger"]["safe"] < 1 for row in rows)
    assert 0 <= metrics["unsafe"] <= 1


def test_it_is_done_without_a_model_where_there_is_nothing_to_learn(tmp_path: Path, llama: str) -> None:
    rankings = write_lines(tmp_path / "rankings.jsonl", ranking_rows(4))
    output, metrics = run_stage(write_job(tmp_path, "safety", policy=llama, rankings=[rankings]))
    assert metrics["skipped"].startswith("Nobody has said")
    assert not (output / "checkpoint").exists()


def test_it_refuses_a_label_that_is_none(tmp_path: Path) -> None:
    rows = ranking_rows(2)
    rows[1]["completions"][0]["safe"] = "yes"
    with pytest.raises(ContractError, match="line 2: safe is true, false or null"):
        read_rankings(Path(write_lines(tmp_path / "rankings.jsonl", rows)))
