from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from training.advantages import (
    AdaptiveKl,
    clipped_policy_loss,
    clipped_value_loss,
    generalised_advantages,
    leave_one_out,
    penalised_rewards,
    whiten,
)

FINITE = st.floats(-10, 10, allow_nan=False, width=32)


@st.composite
def replies(draw: st.DrawFn) -> tuple[Tensor, Tensor, Tensor]:
    """Rewards, values and mask of a few ragged replies."""
    lengths = draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    width = max(lengths)
    mask = torch.tensor([[1.0] * length + [0.0] * (width - length) for length in lengths])
    rewards, values = (
        torch.tensor(draw(st.lists(FINITE, min_size=mask.numel(), max_size=mask.numel()))).view_as(mask)
        for _ in range(2)
    )
    return rewards * mask, values, mask


def test_it_pays_the_score_at_the_last_token_of_each_reply() -> None:
    mask = torch.tensor([[1.0, 1, 0], [1, 1, 1]])
    logprobs, reference = torch.full((2, 3), -1.0), torch.full((2, 3), -3.0)
    rewards = penalised_rewards(torch.tensor([5.0, 7.0]), logprobs, reference, mask, beta=0.5)
    assert rewards.tolist() == [[-1.0, 4.0, 0.0], [-1.0, -1.0, 6.0]]


def test_it_works_advantages_out_by_hand() -> None:
    # gamma 0.5, lambda 0.5: d_1 = 4 - 2 = 2, d_0 = 1 + 0.5 * 2 - 3 = -1, A_0 = -1 + 0.25 * 2
    advantages, returns = generalised_advantages(
        torch.tensor([[1.0, 4.0]]), torch.tensor([[3.0, 2.0]]), torch.ones(1, 2), gamma=0.5, lam=0.5
    )
    assert advantages.tolist() == [[-0.5, 2.0]]
    assert returns.tolist() == [[2.5, 4.0]]


@settings(deadline=None, max_examples=50)
@given(replies())
def test_it_gives_the_rewards_to_come_as_returns_when_nothing_is_discounted(
    case: tuple[Tensor, Tensor, Tensor],
) -> None:
    rewards, values, mask = case
    _, returns = generalised_advantages(rewards, values, mask, gamma=1.0, lam=1.0)
    to_come = rewards.flip(1).cumsum(1).flip(1) * mask
    torch.testing.assert_close(returns, to_come, rtol=1e-4, atol=1e-3)


@settings(deadline=None, max_examples=50)
@given(replies(), st.floats(0, 1), st.floats(0, 1))
def test_it_never_looks_past_the_end_of_a_reply(
    case: tuple[Tensor, Tensor, Tensor], gamma: float, lam: float
) -> None:
    rewards, values, mask = case
    plain, _ = generalised_advantages(rewards, values, mask, gamma=gamma, lam=lam)
    noisy, _ = generalised_advantages(
        rewards + 99 * (1 - mask), values - 99 * (1 - mask), mask, gamma=gamma, lam=lam
    )
    torch.testing.assert_close(plain, noisy)
    assert (plain * (1 - mask)).abs().sum() == 0


@settings(deadline=None, max_examples=50)
@given(replies())
def test_it_whitens_to_mean_zero_and_variance_one(case: tuple[Tensor, Tensor, Tensor]) -> None:
    values, _, mask = case
    seen = values[mask.bool()]
    white = whiten(values, mask)[mask.bool()]
    assert white.mean().item() == pytest.approx(0, abs=1e-3)
    if seen.std(correction=0) > 0.1:
        assert white.std(correction=0).item() == pytest.approx(1, abs=1e-2)
    kept = whiten(values, mask, keep_mean=True)[mask.bool()]
    assert kept.mean().item() == pytest.approx(seen.mean().item(), abs=2e-3)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(FINITE, min_size=4, max_size=4), min_size=1, max_size=3))
def test_it_compares_with_the_siblings_so_that_a_group_sums_to_zero(scores: list[list[float]]) -> None:
    advantages = leave_one_out(torch.tensor(scores))
    assert advantages.sum(dim=1).abs().max().item() < 1e-3


def test_it_leaves_the_reply_itself_out() -> None:
    assert leave_one_out(torch.tensor([[1.0, 2.0, 6.0]])).tolist() == [[-3.0, -1.5, 4.5]]


def test_it_stops_paying_for_moves_beyond_the_clip() -> None:
    # ratio 2 with advantage 1 is clipped to 1.2; with advantage -1 the worse, unclipped, counts
    new, old, mask = torch.tensor([[math.log(2)] * 2]), torch.zeros(1, 2), torch.ones(1, 2)
    assert clipped_policy_loss(new, old, torch.tensor([[1.0, -1.0]]), mask, 0.2).item() == pytest.approx(0.4)


def test_it_takes_the_worse_of_the_clipped_and_the_plain_value() -> None:
    # (2 - 3)^2 = 1 plain, clipped to 0.2: (0.2 - 3)^2 = 7.84; half of it
    loss = clipped_value_loss(
        torch.tensor([[2.0]]), torch.tensor([[0.0]]), torch.tensor([[3.0]]), torch.ones(1, 1), 0.2
    )
    assert loss.item() == pytest.approx(3.92)


def test_it_pays_the_plain_loss_where_nothing_has_moved() -> None:
    old = torch.tensor([[-1.0, -2.0, -3.0]])
    advantages, mask = torch.tensor([[1.0, 2.0, 50.0]]), torch.tensor([[1.0, 1.0, 0.0]])
    assert clipped_policy_loss(old, old, advantages, mask, 0.2).item() == pytest.approx(-1.5)


@settings(deadline=None, max_examples=50)
@given(st.floats(0, 100), st.integers(1, 1000))
def test_it_moves_the_coefficient_towards_the_target(kl: float, samples: int) -> None:
    before = AdaptiveKl()
    after = before.after(kl, samples)
    assert (after.beta - before.beta) * (kl - before.target) >= 0
    assert abs(after.beta / before.beta - 1) <= 0.2 * samples / before.horizon + 1e-12


def test_it_moves_by_the_published_rule() -> None:
    # kl / target - 1 = 0.1; 0.15 * (1 + 0.1 * 1000 / 10000)
    assert AdaptiveKl().after(6.6, 1000).beta == pytest.approx(0.15 * 1.01)
