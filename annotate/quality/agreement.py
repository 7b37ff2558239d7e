"""How far two rankings of one comparison say the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import sqrt
from statistics import NormalDist

from annotate.ranking.own_page import shared_pairs
from training.contracts import MAX_MARGIN, pair_margins

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


Interval = tuple[float, float]
"""The ends of a 95 % interval."""


@dataclass(frozen=True)
class Agreement(Score):
    """Agreement over several comparisons, with 95 % intervals of ``share`` and of ``margin_distance``.

    Comparisons are what is independent, not the pairs of one. An interval is None where there is nothing to
    make it of: no pair, or for the distance fewer than two comparisons.
    """

    share_interval: Interval | None = None
    margin_interval: Interval | None = None


def together(scores: Sequence[Score]) -> Agreement:
    """The agreement over comparisons that differ, each with its score.

    The variance of a ratio of sums is that of its linearisation over comparisons (Cochran 1977, section
    6.4). The share's interval is Wilson's (1927), of as many independent pairs as have that variance,
    which stays within 0 and 1 and does not close where all agree.
    """
    pairs, agreed = sum(own.pairs for own in scores), sum(own.agreed for own in scores)
    spans, distance = sum(own.spans for own in scores), sum(own.distance for own in scores)
    said = sum(own.pairs > 0 for own in scores)
    by_pairs = _variance([(own.agreed, own.pairs) for own in scores])
    by_spans = _variance([(own.distance, own.spans) for own in scores])
    return Agreement(
        len(scores), pairs, agreed, spans, distance,
        _wilson(agreed / pairs, _effective(agreed / pairs, by_pairs, said, pairs)) if pairs else None,
        _normal(distance / spans, by_spans * len(scores) / (len(scores) - 1)) if len(scores) > 1 else None,
    )  # fmt: skip


Z = NormalDist().inv_cdf(0.975)


def _variance(parts: Sequence[tuple[int, int]]) -> float:
    """The variance of ``sum a / sum n`` over parts ``(a, n)``: ``sum (a - r n)^2 / (sum n)^2``."""
    whole = sum(size for _, size in parts)
    ratio = sum(value for value, _ in parts) / whole if whole else 0.0
    return sum((value - ratio * size) ** 2 for value, size in parts) / whole**2 if whole else 0.0


def _effective(share: float, variance: float, comparisons: int, pairs: int) -> float:
    """How many independent pairs would vary as much; one a comparison where the variance cannot tell."""
    if share in (0.0, 1.0) or variance == 0:
        return comparisons
    return min(pairs, share * (1 - share) / variance)


def _wilson(share: float, count: float) -> Interval:
    middle = (share + Z**2 / (2 * count)) / (1 + Z**2 / count)
    half = Z / (1 + Z**2 / count) * sqrt(share * (1 - share) / count + Z**2 / (4 * count**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def _normal(mean: float, variance: float) -> Interval:
    half = Z * sqrt(variance)
    return max(0.0, mean - half), min(2.0 * MAX_MARGIN, mean + half)


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
