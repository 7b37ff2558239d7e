from __future__ import annotations

import math

import pytest
import torch

from training.params import DpoParams, RewardParams, parse_params
from training.preference import ranking_loss, reward_loss

PAIRS = [(0, 1, 1), (0, 2, 3), (1, 2, 2)]
REFERENCE = torch.tensor([-20.0, -31.0, -9.0])
LENGTHS = torch.tensor([10, 20, 5])
LOG_TWO = math.log(2)


@pytest.mark.parametrize("loss", ["sigmoid", "sigmoid_norm", "cdpo", "robust"])
def test_it_charges_an_untrained_policy_log_two(loss: str) -> None:
    params = parse_params(DpoParams, {"loss": loss, "margin_weight": 2.0})
    result = ranking_loss(REFERENCE.clone(), REFERENCE, LENGTHS, PAIRS, params)
    assert result.untrained == pytest.approx(LOG_TWO)
    assert result.loss.item() == pytest.approx(LOG_TWO)


def test_it_means_over_the_pairs_of_a_ranking() -> None:
    # ratios 10, 0, 0 at beta ln(3)/10: two pairs at ln 3, one at 0
    params = DpoParams(beta=math.log(3) / 10, margin_weight=0.0)
    result = ranking_loss(REFERENCE + torch.tensor([10.0, 0, 0]), REFERENCE, LENGTHS, PAIRS, params)
    assert result.loss.item() == pytest.approx((2 * math.log(4 / 3) + LOG_TWO) / 3)
    assert result.accuracy == pytest.approx(2 / 3)


def test_it_lets_pairs_of_wider_margin_weigh_more() -> None:
    # margin_weight 1: levels 1, 3, 2 weigh 2, 4, 3 of 9
    params = DpoParams(beta=math.log(3) / 10, margin_weight=1.0)
    result = ranking_loss(REFERENCE + torch.tensor([10.0, 0, 0]), REFERENCE, LENGTHS, PAIRS, params)
    assert result.loss.item() == pytest.approx((6 * math.log(4 / 3) + 3 * LOG_TWO) / 9)


def test_it_divides_by_length_where_the_loss_is_per_token() -> None:
    # 10 nats over 10 tokens is 1 a token; (1 - 1 / (2 * 0.5))^2 = 0 for two pairs, (0 - 1)^2 for one
    params = DpoParams(loss="ipo", beta=0.5, margin_weight=0.0)
    result = ranking_loss(REFERENCE + torch.tensor([10.0, 0, 0]), REFERENCE, LENGTHS, PAIRS, params)
    assert result.loss.item() == pytest.approx(1 / 3)


def test_it_knows_no_untrained_loss_of_simpo() -> None:
    result = ranking_loss(REFERENCE, REFERENCE + 7, LENGTHS, [(0, 1, 1)], DpoParams(loss="simpo", beta=2.0))
    assert result.untrained is None
    # means per token -2 and -1.55: 2 * -0.45 - 0.5 = -1.4
    assert result.loss.item() == pytest.approx(math.log(1 + math.exp(1.4)), rel=1e-5)


def test_it_trains_rewards_by_the_loss_that_is_asked_for() -> None:
    scores = torch.tensor([math.log(3), 0.0])
    pairs = [(0, 1, 3)]
    asked = {
        RewardParams(margin="none"): math.log(4 / 3),
        RewardParams(margin="large"): math.log(1 + math.exp(3) / 3),
        RewardParams(loss="scaled"): 3 * math.log(4 / 3),
        RewardParams(loss="plackett_luce"): math.log(4 / 3),
        RewardParams(margin="none", centering=0.01): math.log(4 / 3) + 0.01 * math.log(3) ** 2,
    }
    for params, expected in asked.items():
        assert reward_loss(scores, pairs, params).item() == pytest.approx(expected, rel=1e-5)
