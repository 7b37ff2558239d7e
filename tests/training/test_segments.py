from __future__ import annotations

from training.segments import Group, by_token_budget, lay_out


def test_it_lays_each_prompt_once_and_restarts_positions_after_it() -> None:
    row = lay_out([Group([7, 8], [[1, 2], [3]]), Group([9], [[4]])])
    assert row.ids.tolist() == [[7, 8, 1, 2, 3, 9, 4]]
    assert row.positions.tolist() == [[0, 1, 2, 3, 2, 0, 1]]


def test_it_predicts_the_first_token_from_the_end_of_the_prompt() -> None:
    row = lay_out([Group([7, 8], [[1, 2], [3]]), Group([9], [[4]])])
    assert row.predicting() == [1, 2, 1, 5]
    assert row.last() == [3, 4, 6]
    assert row.completion_lengths() == [2, 1, 1]


def test_it_never_splits_an_item_and_runs_a_dear_one_alone() -> None:
    assert list(by_token_budget([3, 3, 9, 2, 3], lambda cost: cost, 6)) == [[3, 3], [9], [2, 3]]


def test_it_gives_nothing_for_nothing() -> None:
    assert list(by_token_budget([], len, 6)) == []
