"""Agreement of two rankings of one comparison."""

from __future__ import annotations

import pytest

from annotate.quality.agreement import Said, Score, score


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
    total = Score(1, 3, 2, 3, 4) + Score(1, 1, 1, 3, 2)
    assert (total.share, total.margin_distance) == (0.75, 1.0)
    assert (Score().share, Score().margin_distance) == (None, None)
