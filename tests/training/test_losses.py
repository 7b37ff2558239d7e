from __future__ import annotations

import math

import pytest
import torch

from training.losses import (
    MARGINS,
    bradley_terry,
    centering,
    conservative_dpo,
    dpo_sigmoid,
    ipo,
    kto,
    margins_of,
    offset_dpo,
    pair_differences,
    plackett_luce,
    robust_dpo,
    scaled_bradley_terry,
    simpo,
)


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


LN3 = math.log(3)
RIGHT, WRONG = math.log(4 / 3), math.log(4)
"""-log sigmoid(ln 3) = -log(3/4) and -log sigmoid(-ln 3) = -log(1/4)."""


def test_it_mixes_in_the_flipped_label() -> None:
    loss = conservative_dpo(torch.tensor([10 * LN3]), beta=0.1, flipped=0.25)
    assert loss.item() == pytest.approx(0.75 * RIGHT + 0.25 * WRONG)


def test_it_takes_the_expected_harm_of_flips_out_again() -> None:
    loss = robust_dpo(torch.tensor([10 * LN3]), beta=0.1, flipped=0.25)
    assert loss.item() == pytest.approx((0.75 * RIGHT - 0.25 * WRONG) / 0.5)


def test_it_is_unbiased_under_flips() -> None:
    # Labels right with 0.8 and flipped with 0.2: the mean of the robust loss is the plain loss.
    h = torch.tensor([1.7])
    mean = 0.8 * robust_dpo(h, 0.5, 0.2) + 0.2 * robust_dpo(-h, 0.5, 0.2)
    assert mean.item() == pytest.approx(dpo_sigmoid(h, 0.5).item())


def test_it_pulls_the_difference_to_half_over_beta() -> None:
    assert ipo(torch.tensor([5.0, 7.0]), beta=0.1).tolist() == pytest.approx([0.0, 4.0])


def test_it_asks_for_more_where_the_margin_is_wider() -> None:
    loss = offset_dpo(torch.tensor([10 * (LN3 + 1)]), beta=0.1, offsets=torch.tensor([1.0]))
    assert loss.item() == pytest.approx(RIGHT)


def test_it_asks_simpo_for_gamma() -> None:
    assert simpo(torch.tensor([(LN3 + 0.5) / 2]), beta=2.0, gamma=0.5).item() == pytest.approx(RIGHT)


def test_it_weighs_bradley_terry_by_level() -> None:
    loss = scaled_bradley_terry(torch.full((4,), LN3), torch.tensor([0, 1, 2, 3]))
    assert loss.tolist() == pytest.approx([RIGHT, RIGHT, 2 * RIGHT, 3 * RIGHT])


def test_it_centres_pairs_around_zero() -> None:
    assert centering(torch.tensor([2.0, -2.0, 1.0]), [(0, 1, 0), (0, 2, 0)]).tolist() == [0.0, 9.0]


def test_it_gives_plackett_luce_by_brute_force() -> None:
    scores = torch.tensor([0.3, -1.2, 2.0, 0.7])
    weights = [math.exp(score) for score in scores.tolist()]
    chance = 1.0
    for place in range(4):
        chance *= weights[place] / sum(weights[place:])
    pairs = [(better, worse, 1) for better in range(4) for worse in range(better + 1, 4)]
    assert plackett_luce(scores, pairs).item() == pytest.approx(-math.log(chance), rel=1e-6)


def test_it_sets_tied_replies_against_the_worse_alone() -> None:
    # 0 and 1 are tied above 2, all scores equal: each of the two is first of two, ln 2 twice
    assert plackett_luce(torch.zeros(3), [(0, 2, 1), (1, 2, 1)]).item() == pytest.approx(2 * math.log(2))


def test_it_gives_bradley_terry_for_a_plackett_luce_of_two() -> None:
    assert plackett_luce(torch.tensor([LN3, 0.0]), [(0, 1, 1)]).item() == pytest.approx(RIGHT)


def test_it_values_good_and_bad_replies_around_the_baseline() -> None:
    # beta (ratio - z) = ln 3: sigmoid 3/4; a good one loses 1/4, a bad one 3/4 times its weight 2
    loss = kto(
        torch.tensor([10 * LN3 + 1, 10 * LN3 + 1]),
        torch.tensor([True, False]),
        baseline=torch.tensor(1.0),
        beta=0.1,
        weights=(1.0, 2.0),
    )
    assert loss.tolist() == pytest.approx([0.25, 1.5])


def test_it_never_takes_a_baseline_below_zero() -> None:
    ratios, good = torch.tensor([1.0]), torch.tensor([True])
    assert (
        kto(ratios, good, torch.tensor(-3.0), 0.1).item() == kto(ratios, good, torch.tensor(0.0), 0.1).item()
    )
