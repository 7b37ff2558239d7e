"""How a simulated annotator ranks: a score of their own for each reply, plus noise.

Gumbel noise of scale 1 on every score makes the better of two replies win with probability
1 / (1 + exp(-d)), d the difference of their scores: the Bradley-Terry model, and Plackett-Luce for K.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from annotate.simulation.gold import gold_score

Conversation = Sequence[Mapping[str, str]]

LEVEL_THRESHOLDS = (0.5, 1.25, 2.25)
"""Noisy differences from which a gap is slightly better (1), better (2), significantly better (3)."""


@dataclass(frozen=True)
class Verdict:
    """Positions best first, and the margin level between neighbours (None where they are equal)."""

    ranking: list[int]
    gaps: list[int | None]


@dataclass(frozen=True)
class Judge:
    """An annotator's taste: ``score`` of a reply, before noise. ``seed`` makes their noise repeatable."""

    name: str
    score: Callable[[Conversation, str], float]
    seed: str

    def rank(self, prompt: Conversation, texts: Sequence[str]) -> Verdict:
        """Rank the replies of one comparison, given in the order in which they are shown.

        The noise hangs on the seed, the prompt and the reply, not on the order in which work arrives, so
        that a simulation can be repeated. The same text twice is a tie.
        """
        perceived = [self.score(prompt, text) + self._noise(prompt, text) for text in texts]
        ranking = sorted(range(len(texts)), key=lambda position: -perceived[position])
        differences = [perceived[better] - perceived[worse] for better, worse in pairwise(ranking)]
        return Verdict(ranking, [margin_level(difference) for difference in differences])

    def _noise(self, prompt: Conversation, text: str) -> float:
        uniform = Random(f"{self.seed}|{prompt[-1]['content']}|{text}").random()
        return -math.log(-math.log(max(uniform, 1e-300)))


def margin_level(difference: float) -> int | None:
    """The level that a noisy difference is given; None for none at all."""
    if difference == 0:
        return None
    return sum(difference >= threshold for threshold in LEVEL_THRESHOLDS)


def gold_judge(seed: str) -> Judge:
    """Prefers what the gold score prefers."""
    return Judge("gold", lambda prompt, text: gold_score(prompt, text).total, seed)


def random_judge(seed: str) -> Judge:
    """The negative control: nothing but noise."""
    return Judge("random", lambda prompt, text: 0.0, seed)


JUDGES: dict[str, Callable[[str], Judge]] = {"gold": gold_judge, "random": random_judge}
