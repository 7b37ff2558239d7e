"""The safety bins of Llama 2."""

from __future__ import annotations

import pytest

from training.contracts import RankedCompletion, RankingRow, safety_bin, safety_bins


@pytest.mark.parametrize(
    ("preferred", "other", "found"),
    [
        (True, False, "preferred_safe"),
        (True, True, "both_safe"),
        (False, False, "both_unsafe"),
        (False, True, "preferred_unsafe"),
        (None, True, None),
        (False, None, None),
        (None, None, None),
    ],
)
def test_it_puts_a_pair_in_its_bin(preferred: bool | None, other: bool | None, found: str | None) -> None:
    assert safety_bin(preferred=preferred, other=other) == found


def row(safe: list[bool | None], gaps: list[int | None]) -> RankingRow:
    completions = [RankedCompletion(text=f"reply {n}", safe=each) for n, each in enumerate(safe)]
    return RankingRow("1", [{"role": "user", "content": "Hello"}], completions, gaps)


def test_it_bins_every_pair_that_a_ranking_states() -> None:
    # Best first: safe, unsafe, safe. Pairs (0, 1), (0, 2), (1, 2).
    assert list(safety_bins(row([True, False, True], [1, 1]))) == [
        "preferred_safe",
        "both_safe",
        "preferred_unsafe",
    ]


def test_it_bins_no_tie_and_no_pair_of_which_it_was_not_said() -> None:
    assert list(safety_bins(row([True, False, None], [None, 2]))) == []
