"""How many times faster the fewest FLOPs would be: the peer's, padded, over those that the gradients need."""

from __future__ import annotations

from collections.abc import Sequence

from tests.bench.data import Size
from training.data import Ranking

Shape = tuple[int, int]
"""Rows and tokens a row of one forward pass."""


def _linear(size: Size) -> float:
    """FLOPs of the layers' matrices a token, forward."""
    return 2.0 * size.layers * (4 * size.hidden**2 + 3 * size.hidden * size.inner)


def _attention(size: Size, queries: int, keys: int, *, causal: bool) -> float:
    """FLOPs of scores and weighted values, forward."""
    return 4.0 * size.layers * size.hidden * queries * keys * (0.5 if causal else 1.0)


def _vocabulary(size: Size, tokens: int) -> float:
    return 2.0 * size.hidden * size.vocabulary * tokens


def fewest(size: Size, rankings: Sequence[Ranking], *, vocabulary: bool) -> float:
    """Each prompt once, no padding, the vocabulary only where a completion token is predicted."""
    total = 0.0
    for ranking in rankings:
        prompt, lengths = len(ranking.group.prompt), [len(own) for own in ranking.group.completions]
        total += _linear(size) * (prompt + sum(lengths)) + _attention(size, prompt, prompt, causal=True)
        total += _attention(size, sum(lengths), prompt, causal=False)
        total += sum(_attention(size, length, length, causal=True) for length in lengths)
        total += _vocabulary(size, sum(lengths)) * vocabulary
    return total


def of_shapes(size: Size, shapes: Sequence[Shape], *, vocabulary: bool) -> float:
    """The FLOPs of the forward passes that were seen, at every position of every row."""
    total = 0.0
    for rows, length in shapes:
        each = _linear(size) * length + _attention(size, length, length, causal=True)
        total += rows * (each + _vocabulary(size, length) * vocabulary)
    return total


def limit(size: Size, rankings: Sequence[Ranking], shapes: Sequence[Shape], *, vocabulary: bool) -> float:
    """Times that the fewest FLOPs are fewer than those of the peer's forward passes under gradients.

    The factor of backward over forward, and the passes of the reference, are the same on both sides.
    """
    return of_shapes(size, shapes, vocabulary=vocabulary) / fewest(size, rankings, vocabulary=vocabulary)
