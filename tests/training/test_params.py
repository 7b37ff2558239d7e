from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from training.contracts import ContractError
from training.params import PARAMS, DpoParams, RejectionParams, RewardParams, describe_params, parse_params


def test_it_keeps_defaults_and_takes_what_is_given() -> None:
    params = parse_params(DpoParams, {"beta": 0.5, "epochs": 3})
    assert (params.beta, params.epochs, params.batch_prompts) == (0.5, 3, DpoParams().batch_prompts)


def test_it_takes_a_whole_number_where_a_fraction_may_stand() -> None:
    assert isinstance(parse_params(DpoParams, {"beta": 1}).beta, float)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"betta": 1}, "Unknown params: betta"),
        ({"beta": "1"}, "beta is '1'"),
        ({"beta": float("nan")}, "beta is nan"),
        ({"beta": -1}, "at least 0"),
        ({"epochs": 1.5}, "epochs is 1.5"),
        ({"epochs": True}, "epochs is True"),
    ],
)
def test_it_refuses_in_one_sentence(raw: dict[str, Any], says: str) -> None:
    with pytest.raises(ContractError, match=says):
        parse_params(DpoParams, raw)


def test_it_refuses_a_choice_that_is_none() -> None:
    with pytest.raises(ContractError, match="must be one of 'none', 'small', 'large'"):
        parse_params(RewardParams, {"margin": "huge"})


def test_it_lets_a_reward_be_negative() -> None:
    assert parse_params(RejectionParams, {"least_reward": -0.5}).least_reward == -0.5


@pytest.mark.parametrize("stage", PARAMS)
def test_it_describes_every_param(stage: str) -> None:
    assert all(item.name in describe_params(PARAMS[stage]) for item in fields(PARAMS[stage]))
