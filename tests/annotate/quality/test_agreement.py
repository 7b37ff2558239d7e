"""Agreement of two rankings of one comparison."""

from __future__ import annotations

import pytest

from annotate.quality.agreement import Said, Score, score, together


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        # Two completions: 0 better by 2, against 1 better by 1: the pair turned round, 2 + 1 levels apart.
        (([0, 1], [2]), ([1, 0], [1]), Score(1, 1, 0, 1, 3)),
        # Equal against significantly better: no pair both put in an order, 3 levels apart.
        (([0, 1], [None]), ([0, 1], [3]), Score(1, 0, 0, 1, 3)),
        # Three alike in order; levels 01: 1 and 3, 12: 2 and 2, 02: 3 and 3 (capped): 2 levels apart in all.
        (([0, 1, 2], [1, 2]), ([0, 1, 2], [3, 2]), Score(1, 3, 3, 3, 2)),
        # Opposite and as far as can be: 6 levels a pair.
        (([0, 1], [3]), ([1, 0], [3]), Score(1, 1, 0, 1, 6)),
        # Negligibly better has an order, and no margin to be apart by.
        (([0, 1], [0]), ([1, 0], [0]), Score(1, 1, 0, 1, 0)),
    ],
)
def test_it_counts_pairs_and_levels(one: Said, other: Said, expected: Score) -> None:
    assert score(one, other) == expected
    assert score(other, one) == expected


def test_it_adds_up_and_has_no_share_of_nothing() -> None:
    total = together([Score(1, 3, 2, 3, 4), Score(1, 1, 1, 3, 2)])
    assert (total.comparisons, total.share, total.margin_distance) == (2, 0.75, 1.0)
    nothing = together([])
    assert (nothing.share, nothing.share_interval) == (None, None)
    assert (nothing.margin_distance, nothing.margin_interval) == (None, None)


def pair(*, agrees: bool, apart: int = 0) -> Score:
    return Score(1, 1, int(agrees), 1, apart)


def test_it_is_wilsons_interval_where_a_comparison_is_a_pair() -> None:
    # 8 of 10: the textbook's 0.490 to 0.943. All of 10 leaves room below, and none at the top.
    eight = together([pair(agrees=n < 8) for n in range(10)])
    assert eight.share_interval == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert together([pair(agrees=True)] * 10).share_interval == pytest.approx((0.7225, 1.0), abs=1e-4)
    assert together([pair(agrees=False)]).share_interval == pytest.approx((0.0, 0.7935), abs=1e-4)


def test_it_takes_the_pairs_of_a_comparison_for_what_they_are() -> None:
    # Comparisons of six pairs that agree all or none: 8 of 10 say no more than 8 of 10 pairs did.
    lumps = [Score(1, 6, 6 * (n < 8), 6, 0) for n in range(10)]
    assert together(lumps).share_interval == pytest.approx((0.4902, 0.9433), abs=1e-4)
    # Spread as chance would have it, they say as much as 60 pairs: 48 of 60 is 0.682 to 0.882.
    spread = [Score(1, 6, agreed, 6, 0) for agreed in (6, 6, 6, 5, 5, 5, 5, 4, 4, 2)]
    # Variance: sum (agreed - 4.8)^2 = 13.6 over 3600; 0.16 / (13.6 / 3600) = 42.4 pairs.
    assert together(spread).share_interval == pytest.approx((0.6574, 0.8928), abs=1e-3)
    # Alike by accident, the variance says nothing: each comparison counts once.
    assert together([Score(1, 6, 4, 6, 0)] * 2).share_interval == pytest.approx((0.1598, 0.9550), abs=1e-3)


def test_it_gives_the_distance_the_interval_of_a_mean() -> None:
    # Distances 0, 1, 2, 3 of one span each: mean 1.5, deviation sqrt(5 / 3), error sqrt(5 / 3) / 2.
    found = together([pair(agrees=True, apart=n) for n in range(4)]).margin_interval
    assert found == pytest.approx((1.5 - 1.95996 * 0.645497, 1.5 + 1.95996 * 0.645497), abs=1e-4)
    assert together([pair(agrees=True, apart=2)]).margin_interval is None
    assert together([pair(agrees=True, apart=n) for n in (0, 6)]).margin_interval == (0.0, 6.0)
