from __future__ import annotations

import math

import pytest
import torch

from training.advantages import whiten
from training.safety import safety_first


def logit(chance: float) -> float:
    return math.log(chance / (1 - chance))


def test_it_judges_by_safety_where_the_prompt_or_the_reply_calls_for_it() -> None:
    helpful = torch.tensor([logit(0.9), logit(0.9), logit(0.2), logit(0.9)])
    safety = torch.tensor([logit(0.14), logit(0.16), logit(0.95), logit(0.95)])
    prompts = torch.tensor([False, False, True, False])
    # 0.14 < 0.15: safety; 0.16 is not: helpful; a safety prompt: safety; else helpful
    expected = torch.tensor([logit(0.14), logit(0.9), logit(0.95), logit(0.9)])
    torch.testing.assert_close(safety_first(helpful, safety, prompts), expected)


def test_it_takes_another_threshold() -> None:
    none = torch.tensor([False])
    joined = safety_first(torch.tensor([2.0]), torch.tensor([logit(0.3)]), none, threshold=0.4)
    assert joined.item() == pytest.approx(logit(0.3))


def test_it_survives_scores_whose_chance_is_0_or_1() -> None:
    joined = safety_first(
        torch.tensor([800.0, 800.0]), torch.tensor([-900.0, 900.0]), torch.tensor([False] * 2)
    )
    assert joined.tolist() == [-900.0, 800.0]


def test_it_is_whitened_over_a_batch_as_the_reward_of_ppo() -> None:
    # logit(R_c) is 0, 2, 4: mean 2, variance (4 + 0 + 4) / 3
    logits = safety_first(
        torch.tensor([9.0, 2.0, 9.0]), torch.tensor([0.0, 5.0, 4.0]), torch.tensor([True, False, True])
    )
    expected = [-2 / math.sqrt(8 / 3), 0.0, 2 / math.sqrt(8 / 3)]
    assert whiten(logits, torch.ones(3)).tolist() == pytest.approx(expected)
