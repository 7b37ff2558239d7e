from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from training.combination import Combination, Scale

# two members of different scale: means 2 and 10, standard deviations 2 and 10
RAW = torch.tensor([[0.0, 20.0], [4.0, 20.0], [0.0, 0.0], [4.0, 0.0]])
NORMALISED = torch.tensor([[-1.0, 1.0], [1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]])


@pytest.mark.parametrize(
    ("how", "before"),
    [
        ("mean", [0.0, 1.0, -1.0, 0.0]),
        ("minimum", [-1.0, 1.0, -1.0, -1.0]),
        # the mean less 0.5 times the variances 1, 0, 0, 1
        ("uncertainty", [-0.5, 1.0, -1.0, -0.5]),
    ],
)
def test_it_makes_one_score_of_members(how: Any, before: list[float]) -> None:
    combination = Combination.fitted(RAW, how, penalty=0.5)
    torch.testing.assert_close(combination.normalised(RAW), NORMALISED)
    mean = sum(before) / 4
    deviation = math.sqrt(sum((value - mean) ** 2 for value in before) / 4)
    expected = [(value - mean) / deviation for value in before]
    assert combination.combine(RAW).tolist() == pytest.approx(expected, abs=1e-6)


def test_it_is_an_affine_map_for_a_single_model() -> None:
    combination = Combination.fitted(torch.tensor([[1.0], [3.0], [5.0]]), "minimum", 1.0)
    assert combination.members == (Scale(0.0, 1.0),), "a single model needs no scale but the whole one"
    assert combination.combine(torch.tensor([[3.0], [7.0]])).tolist() == pytest.approx(
        [0.0, 4 / math.sqrt(8 / 3)]
    )
    assert combination.unit == pytest.approx(math.sqrt(8 / 3))


@pytest.mark.parametrize("how", ["mean", "minimum", "uncertainty"])
def test_it_reads_what_it_wrote(how: Any) -> None:
    combination = Combination.fitted(RAW, how, penalty=0.25)
    assert Combination.from_meta(combination.to_meta()) == combination


def test_it_refuses_a_combination_that_it_does_not_know() -> None:
    meta = Combination.fitted(RAW, "mean", 0.0).to_meta()
    with pytest.raises(ValueError, match="median"):
        Combination.from_meta(meta | {"combine": "median"})


def test_it_counts_a_unit_of_the_mean_in_raw_logits() -> None:
    # from [0, 0] to [4, 20] the members differ by 4 and 20 logits: 12 on average
    combination = Combination.fitted(RAW, "mean", 0.0)
    low, high = combination.combine(torch.tensor([[0.0, 0.0], [4.0, 20.0]])).tolist()
    assert (high - low) * combination.unit == pytest.approx(12.0)
