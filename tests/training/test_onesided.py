"""One-sided labels, and the kto stage that learns from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.training.tiny import make_tokenizer, ranking_rows, run_stage, write_job, write_lines
from training.__main__ import main
from training.contracts import ContractError, Message, RankedCompletion, RankingRow
from training.data import Encoder
from training.onesided import Labelled, balanced_weights, labels_of, load_labelled
from training.params import KtoParams
from training.segments import Group

TURN: list[Message] = [{"role": "user", "content": "tea"}]


def row(gaps: list[int | None], **fields: Any) -> RankingRow:
    completions = [RankedCompletion(f"reply {place}") for place in range(len(gaps) + 1)]
    return RankingRow("p", TURN, completions, gaps, **fields)


@pytest.mark.parametrize(
    ("gaps", "labels"),
    [
        ([1], [True, False]),
        ([1, 1], [True, None, False]),
        ([3, 0, 2], [True, True, False, False]),
        ([None, 1], [True, True, False]),
        ([1, None, None], [True, False, False, False]),
        ([None, None], [None, None, None]),
    ],
)
def test_it_labels_by_place_where_there_are_no_thumbs(
    gaps: list[int | None], labels: list[bool | None]
) -> None:
    assert labels_of(row(gaps)) == labels


def test_it_calls_all_replies_undesirable_where_all_are_bad() -> None:
    assert labels_of(row([2, 1], all_bad=True)) == [False, False, False]


def test_it_believes_thumbs_rather_than_places() -> None:
    ranked = row([2, 1], all_bad=True)
    first, second, third = ranked.completions
    thumbed = replace(ranked, completions=[replace(first, thumb="down"), second, replace(third, thumb="up")])
    assert labels_of(thumbed) == [False, None, True]


def labelled(good: int, bad: int, weight: float = 1.0) -> Labelled:
    group = Group([5], [[6]])
    return Labelled(group, [True] * good + [False] * bad, weight, group)


@pytest.mark.parametrize(
    ("items", "chosen", "weights"),
    [
        ([labelled(2, 2)], {}, (1, 1)),
        ([labelled(5, 4)], {}, (1, 1)),  # 1.25 lies within [1, 4/3]
        ([labelled(1, 3)], {}, (3, 1)),
        ([labelled(4, 1)], {}, (1, 3)),  # 4 over 1 x 3 is 4/3
        ([labelled(1, 1, 0.5), labelled(0, 1, 1.5)], {}, (4, 1)),  # 0.5 against 2.0
        ([labelled(1, 3)], {"undesirable_weight": 0.5}, (1.5, 0.5)),
        ([labelled(1, 3)], {"desirable_weight": 1.5}, (1.5, 0.5)),
        ([labelled(1, 3)], {"desirable_weight": 2.0, "undesirable_weight": 1.0}, (2, 1)),
    ],
)
def test_it_balances_the_sides(
    items: list[Labelled], chosen: dict[str, Any], weights: tuple[float, float]
) -> None:
    assert balanced_weights(items, KtoParams(**chosen)) == pytest.approx(weights)


def load(tmp_path: Path, rows: list[dict[str, Any]], context: int = 200, **params: Any) -> Any:
    encoder = Encoder(make_tokenizer(), context=context, vocabulary=300)
    return load_labelled([write_lines(tmp_path / "r.jsonl", rows)], encoder, KtoParams(**params))


def test_it_pairs_each_prompt_with_the_replies_of_another(tmp_path: Path) -> None:
    train, heldout = load(tmp_path, ranking_rows(4, heldout=1))
    assert (len(train), len(heldout)) == (3, 1)
    assert [item.desirable for item in train] == [[True, False]] * 3
    for index, item in enumerate(train):
        other = train[(index + 1) % 3]
        assert item.mismatched == Group(item.group.prompt, other.group.completions)
    assert heldout[0].mismatched.completions in [item.group.completions for item in train]


def test_it_weighs_each_source(tmp_path: Path) -> None:
    rows = [
        {**one, "source": source} for one, source in zip(ranking_rows(2), ("human", "judge"), strict=True)
    ]
    train, _ = load(tmp_path, rows, judge_weight=0.25)
    assert [item.weight for item in train] == [1.0, 0.25]


def test_it_refuses_labels_of_one_side_and_a_single_prompt(tmp_path: Path) -> None:
    rows = [{**one, "all_bad": True} for one in ranking_rows(3)]
    with pytest.raises(ContractError, match="0 replies of the train fold desirable and 9 undesirable"):
        load(tmp_path, rows)
    with pytest.raises(ContractError, match="No other prompt has replies"):
        load(tmp_path, ranking_rows(1))


@pytest.mark.slow
@pytest.mark.parametrize("lora", [None, {"rank": 4, "alpha": 8}])
def test_it_moves_the_policy_towards_desirable_replies(
    tmp_path: Path, model_folder: Callable[[str], str], lora: dict[str, int] | None
) -> None:
    rankings = write_lines(tmp_path / "rankings.jsonl", ranking_rows(24, heldout=6))
    params = {"epochs": 6, "learning_rate": 0.003, "full_learning_rate": 0.003, "batch_prompts": 6}
    job = write_job(
        tmp_path, "kto", policy=model_folder("llama"), rankings=[rankings], lora=lora, params=params
    )
    _, metrics = run_stage(job)
    assert metrics["first_loss"] == pytest.approx(0.5, abs=1e-5)
    assert metrics["loss"] < 0.45
    assert metrics["heldout_accuracy"] > 0.7
    assert (metrics["desirable"], metrics["undesirable"]) == (18, 18)
    assert metrics["zero"] >= 0


def test_it_says_in_one_sentence_that_one_side_is_missing(
    tmp_path: Path, model_folder: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    rankings = write_lines(tmp_path / "r.jsonl", [{**one, "all_bad": True} for one in ranking_rows(3)])
    assert (
        main(["kto", str(write_job(tmp_path, "kto", policy=model_folder("llama"), rankings=[rankings]))]) == 2
    )
    assert "KTO needs some of both" in capsys.readouterr().err
