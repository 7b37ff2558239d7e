from __future__ import annotations

import math

import pytest
import torch

from training.losses import MARGINS, bradley_terry, dpo_sigmoid, margins_of, pair_differences


def test_it_subtracts_the_worse_from_the_better() -> None:
    values = torch.tensor([3.0, 1.0, 0.5])
    assert pair_differences(values, [(0, 1, 2), (0, 2, 3), (1, 2, 0)]).tolist() == [2.0, 2.5, 0.5]


def test_it_takes_margins_from_the_published_table() -> None:
    pairs = [(0, 1, 0), (0, 1, 1), (0, 1, 2), (0, 1, 3)]
    assert margins_of(pairs, "large").tolist() == [0, 1, 2, 3]
    assert margins_of(pairs, "small").tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert margins_of(pairs, "none").tolist() == [0, 0, 0, 0]
    assert set(MARGINS) == {"none", "small", "large"}


def test_it_charges_log_two_where_the_difference_is_the_margin() -> None:
    # -log sigmoid(0) = ln 2; -log sigmoid(ln 3) = -log(3/4) = ln(4/3)
    loss = bradley_terry(torch.tensor([1.0, 1.0 + math.log(3)]), torch.tensor([1.0, 1.0]))
    assert loss.tolist() == pytest.approx([math.log(2), math.log(4 / 3)])


def test_it_charges_an_untrained_policy_log_two() -> None:
    assert dpo_sigmoid(torch.zeros(2), 0.1).tolist() == pytest.approx([math.log(2)] * 2)


def test_it_scales_the_dpo_difference_by_beta() -> None:
    assert dpo_sigmoid(torch.tensor([10 * math.log(3)]), 0.1).item() == pytest.approx(math.log(4 / 3))
