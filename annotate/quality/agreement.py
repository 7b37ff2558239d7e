"""How far two rankings of one comparison say the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from annotate.ranking.own_page import shared_pairs
from training.contracts import pair_margins

Said = tuple[list[int], list[int | None]]
"""A ranking (completion indices, best first) and its gaps."""


@dataclass(frozen=True)
class Score:
    """Agreement over ``comparisons`` comparisons.

    Of ``pairs`` of completions that both rankings put in an order, ``agreed`` are in the same. ``distance``
    is summed over all ``spans`` pairs of completions: by how many levels the two margins differ.
    """

    comparisons: int = 0
    pairs: int = 0
    agreed: int = 0
    spans: int = 0
    distance: int = 0

    @property
    def share(self) -> float | None:
        """Agreed pairs of all, None where there are none."""
        return self.agreed / self.pairs if self.pairs else None

    @property
    def margin_distance(self) -> float | None:
        """Mean levels between the two margins of a pair, 0 to 6, None where there are none."""
        return self.distance / self.spans if self.spans else None

    def __add__(self, other: Score) -> Score:
        return Score(
            self.comparisons + other.comparisons,
            self.pairs + other.pairs,
            self.agreed + other.agreed,
            self.spans + other.spans,
            self.distance + other.distance,
        )


def score(one: Said, other: Said) -> Score:
    """The agreement of two rankings of the same comparison; it is the same either way round.

    A pair's margin is its level (0 to 3), positive when the completion of the lower index is the better,
    and 0 for a tie; so the distance of a pair is 0 to 6.

    >>> score(([0, 1], [2]), ([1, 0], [1]))
    Score(comparisons=1, pairs=1, agreed=0, spans=1, distance=3)
    """
    pairs, agreed = shared_pairs(one, other)
    here, there = _margins(*one), _margins(*other)
    spans = list(combinations(sorted(one[0]), 2))
    distance = sum(abs(here.get(span, 0) - there.get(span, 0)) for span in spans)
    return Score(1, pairs, agreed, len(spans), distance)


def _margins(ranking: Sequence[int], gaps: list[int | None]) -> dict[tuple[int, int], int]:
    margins = {}
    for better, worse, level in pair_margins(gaps):
        one, other = ranking[better], ranking[worse]
        margins[min(one, other), max(one, other)] = level if one < other else -level
    return margins
