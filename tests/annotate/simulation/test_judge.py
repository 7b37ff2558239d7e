"""Simulated annotators: their noise, their margins, and that they can be repeated."""

from __future__ import annotations

import math

import pytest

from annotate.simulation.gold import gold_score
from annotate.simulation.judge import Judge, gold_judge, margin_level, random_judge

PROMPT = [{"role": "user", "content": "Please write a thank-you note to Anna for the cake."}]
WARM = "Dear Anna, thank you so much for the wonderful cake. It made the whole family happy. With love, Tom."
RUDE = "Whatever, the cake was stupid and you are a loser, so go away and shut up."


@pytest.mark.parametrize(
    ("difference", "level"),
    [(0, None), (0.01, 0), (0.49, 0), (0.5, 1), (1.25, 2), (2.25, 3), (9, 3), (math.inf, 3)],
)
def test_it_gives_a_level_to_a_difference(difference: float, level: int | None) -> None:
    assert margin_level(difference) == level


def test_it_prefers_as_bradley_and_terry_say() -> None:
    # Scores 1 apart: the better wins with probability 1 / (1 + e^-1) = 0.731, give or take 0.007.
    scores = {"better": 1.0, "worse": 0.0}
    wins = 0
    for seed in range(4000):
        judge = Judge("fixed", lambda prompt, text: scores[text], str(seed))
        wins += judge.rank(PROMPT, ["worse", "better"]).ranking[0] == 1
    assert wins / 4000 == pytest.approx(0.731, abs=0.025)


def test_it_ranks_the_same_replies_the_same_way_in_any_order() -> None:
    texts = [WARM, RUDE, "Thanks.", "The cake."]
    judge = gold_judge("7")
    first = judge.rank(PROMPT, texts)
    again = judge.rank(PROMPT, texts[::-1])
    assert [texts[position] for position in first.ranking] == [texts[::-1][p] for p in again.ranking]
    assert first.gaps == again.gaps
    assert sorted(first.ranking) == [0, 1, 2, 3]


def test_it_ties_the_same_text_with_itself() -> None:
    assert gold_judge("7").rank(PROMPT, [WARM, WARM]).gaps == [None]


def test_it_agrees_with_gold_more_often_than_not_unless_it_is_random() -> None:
    assert gold_score(PROMPT, WARM).total > gold_score(PROMPT, RUDE).total

    def share(judges: list[Judge]) -> float:
        return sum(judge.rank(PROMPT, [WARM, RUDE]).ranking[0] == 0 for judge in judges) / len(judges)

    assert share([gold_judge(str(seed)) for seed in range(400)]) > 0.8
    # A fair coin's deviation at 1,000 throws is 0.016.
    assert share([random_judge(str(seed)) for seed in range(1000)]) == pytest.approx(0.5, abs=0.06)
