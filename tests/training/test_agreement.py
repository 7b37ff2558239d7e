from __future__ import annotations

import pytest
import torch

from training.agreement import accuracy_metrics, judged, length_metrics
from training.data import Ranking
from training.losses import Pair
from training.segments import Group


def ranking(lengths: list[int], pairs: list[Pair], *, round: int = 0, weight: float = 1.0) -> Ranking:
    return Ranking("p", Group([1], [[2] * length for length in lengths]), pairs, weight, round)


def test_it_counts_pairs_by_margin_and_by_round() -> None:
    rankings = [
        ranking([1, 1, 1], [(0, 1, 1), (0, 2, 3), (1, 2, 2)], round=1),
        ranking([1, 1], [(0, 1, 1)], round=2),
    ]
    # right, tie, wrong in the first; right in the second
    metrics = accuracy_metrics(rankings, [torch.tensor([1.0, 0.0, 1.0]), torch.tensor([5.0, -5.0])])
    assert metrics["accuracy"] == (1 + 0.5 + 0 + 1) / 4
    assert metrics["by_margin"] == {
        "1": {"accuracy": 1.0, "pairs": 2},
        "2": {"accuracy": 0.0, "pairs": 1},
        "3": {"accuracy": 0.5, "pairs": 1},
    }
    assert metrics["by_round"] == {
        "1": {"accuracy": 0.5, "pairs": 3},
        "2": {"accuracy": 1.0, "pairs": 1},
    }


def test_it_has_no_accuracy_of_no_pair() -> None:
    assert accuracy_metrics([], []) == {"accuracy": None, "pairs": 0, "by_margin": {}, "by_round": {}}


def test_it_hands_each_rankings_differences_to_calibration() -> None:
    [own] = judged([ranking([1, 1, 1], [(0, 2, 1), (1, 2, 1)], weight=0.5)], [torch.tensor([3.0, 1.0, 0.5])])
    assert own.differences.tolist() == [2.5, 0.5]
    assert own.weight == 0.5


def test_it_tells_what_people_and_the_model_make_of_length() -> None:
    # lengths 4 > 2 > 1, the longest best; the model scores by length, less in the second prompt
    rankings = [ranking([4, 2, 1], [(0, 1, 1), (0, 2, 1), (1, 2, 1)]), ranking([1, 3], [(0, 1, 1)])]
    metrics = length_metrics(rankings, [torch.tensor([4.0, 2.0, 1.0]), torch.tensor([0.0, 0.0])])
    # pairs differ in length by 2, 3, 1 (chosen longer) and -2: 4 / sqrt(4 * 18)
    assert metrics["label_correlation"] == pytest.approx(4 / 72**0.5)
    assert metrics["longer_preferred"] == 0.75
    assert metrics["longer_scored_higher"] == (3 + 0.5) / 4
    # lengths less their prompt's mean: 5/3, -1/3, -4/3, -1, 1; scores 5/3, -1/3, -4/3, 0, 0
    assert metrics["correlation"] == pytest.approx((42 / 9) / ((42 / 9) * (42 / 9 + 2)) ** 0.5)


def test_it_says_nothing_of_length_that_never_differs() -> None:
    metrics = length_metrics([ranking([2, 2], [(0, 1, 1)])], [torch.tensor([1.0, 0.0])])
    assert set(metrics.values()) == {None}
    assert set(length_metrics([], []).values()) == {None}
