"""How many times faster the fewest FLOPs would be: TRL's padded FLOPs over those that the gradients need."""

from __future__ import annotations

from tests.bench.data import Size
from tests.bench.sides import PROMPTS_A_STEP
from training.data import Ranking


def _linear(size: Size) -> float:
    """FLOPs of the layers' matrices a token, forward."""
    inner = round(size.hidden * 8 / 3 / 16) * 16
    return 2.0 * size.layers * (4 * size.hidden**2 + 3 * size.hidden * inner)


def _attention(size: Size, queries: int, keys: int, *, causal: bool) -> float:
    """FLOPs of scores and weighted values, forward."""
    return 4.0 * size.layers * size.hidden * queries * keys * (0.5 if causal else 1.0)


def fewest(size: Size, rankings: list[Ranking], *, vocabulary: bool) -> float:
    """Each prompt once, no padding, the vocabulary only where a completion token is predicted."""
    total = 0.0
    for ranking in rankings:
        prompt, lengths = len(ranking.group.prompt), [len(own) for own in ranking.group.completions]
        total += _linear(size) * (prompt + sum(lengths)) + _attention(size, prompt, prompt, causal=True)
        total += _attention(size, sum(lengths), prompt, causal=False)
        total += sum(_attention(size, length, length, causal=True) for length in lengths)
        total += 2.0 * size.hidden * size.vocabulary * sum(lengths) * vocabulary
    return total


def padded_pairs(size: Size, rankings: list[Ranking], *, vocabulary: bool) -> float:
    """Both sides of every pair as a row of its own, padded to the longest of its batch (in order)."""
    rows = [
        len(item.group.prompt) + len(item.group.completions[index])
        for item in rankings
        for pair in item.pairs
        for index in pair[:2]
    ]
    batch = 2 * min(16, PROMPTS_A_STEP * len(rankings[0].pairs))
    total = 0.0
    for start in range(0, len(rows), batch):
        part = rows[start : start + batch]
        longest = max(part)
        each = _linear(size) * longest + _attention(size, longest, longest, causal=True)
        total += len(part) * (each + 2.0 * size.hidden * size.vocabulary * longest * vocabulary)
    return total


def limit(size: Size, rankings: list[Ranking], kind: str, lora: bool | None) -> float | None:
    """Times that the fewest FLOPs are fewer; None for sampling, which is not bound by FLOPs.

    The factor of backward over forward is the same on both sides, so it falls out.
    """
    if kind == "sampling":
        return None
    vocabulary = kind == "dpo"
    return padded_pairs(size, rankings, vocabulary=vocabulary) / fewest(size, rankings, vocabulary=vocabulary)
