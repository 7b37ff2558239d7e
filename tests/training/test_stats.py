from __future__ import annotations

import pytest

from training.stats import bootstrap_interval, distinct


def test_it_counts_different_ngrams() -> None:
    # unigrams a b a c: 3 of 4; bigrams within texts only: ab, ac: 2 of 2
    assert distinct(["a b", "a c"], 1) == pytest.approx(3 / 4)
    assert distinct(["a b", "a c"], 2) == 1.0
    assert distinct(["a", ""], 2) == 0.0


def test_it_gives_a_point_for_constant_values() -> None:
    assert bootstrap_interval([2.0, 2.0, 2.0], 100, seed=0) == [2.0, 2.0]


def test_it_brackets_the_mean_and_repeats_under_a_seed() -> None:
    values = [0.0, 1.0] * 50
    low, high = bootstrap_interval(values, 1000, seed=1)
    # The standard error is 0.05, so the interval is about 0.5 +- 0.098.
    assert 0.37 < low < 0.43
    assert 0.57 < high < 0.63
    assert bootstrap_interval(values, 1000, seed=1) == [low, high]
