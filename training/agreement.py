"""How a reward model agrees with rankings: accuracy by margin and round, and what it makes of length."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor

from training.calibration import Judged
from training.contracts import safety_bin
from training.data import Ranking
from training.losses import Pair, pair_differences

K = TypeVar("K", int, str)


def accuracy_metrics(rankings: Iterable[Ranking], scores: Iterable[Tensor]) -> dict[str, Any]:
    """How often the better of a pair scores higher (a tie is half): overall, by margin and by round."""
    pairs = _tried(rankings, scores)
    return {
        "accuracy": sum(right for _, _, right in pairs) / len(pairs) if pairs else None,
        "pairs": len(pairs),
        "by_margin": _by(pairs, lambda ranking, pair: pair[2]),
        "by_round": _by(pairs, lambda ranking, pair: ranking.round),
    }


def accuracy_by_bin(rankings: Iterable[Ranking], scores: Iterable[Tensor]) -> dict[str, dict[str, Any]]:
    """The same by what was said of a pair's safety; ``unsaid`` where it was not said of both."""
    return _by(
        _tried(rankings, scores),
        lambda ranking, pair: (
            safety_bin(preferred=ranking.safe[pair[0]], other=ranking.safe[pair[1]]) or "unsaid"
        ),
    )


Tried = tuple[Ranking, Pair, float]
"""A pair and whether it was ranked right: 1, 0, or a half where the scores are the same."""


def _tried(rankings: Iterable[Ranking], scores: Iterable[Tensor]) -> list[Tried]:
    pairs: list[Tried] = []
    for ranking, values in zip(rankings, scores, strict=True):
        listed = values.tolist()
        for pair in ranking.pairs:
            difference = listed[pair[0]] - listed[pair[1]]
            pairs.append((ranking, pair, 0.5 if difference == 0 else float(difference > 0)))
    return pairs


def _by(pairs: Sequence[Tried], of: Callable[[Ranking, Pair], K]) -> dict[str, dict[str, Any]]:
    found: dict[K, list[float]] = defaultdict(list)
    for ranking, pair, right in pairs:
        found[of(ranking, pair)].append(right)
    return {
        str(key): {"accuracy": sum(found[key]) / len(found[key]), "pairs": len(found[key])}
        for key in sorted(found)
    }


def judged(rankings: Iterable[Ranking], scores: Iterable[Tensor]) -> list[Judged]:
    """The differences of scores of each ranking's pairs, as calibration takes them."""
    return [
        Judged(ranking.prompt_id, pair_differences(values, ranking.pairs), ranking.weight)
        for ranking, values in zip(rankings, scores, strict=True)
    ]


def length_metrics(rankings: Sequence[Ranking], scores: Sequence[Tensor]) -> dict[str, float | None]:
    """What people and the reward model make of length in tokens; None where it never differs.

    ``correlation`` is Pearson's of reward and length, both less their mean over the completions of the
    ranking, so that prompts which ask for long replies count for nothing. ``label_correlation`` is that
    of the label (1 chosen, -1 rejected) and the difference in length over pairs taken both ways round.
    Of the pairs that differ in length, ``longer_preferred`` is the share whose longer reply people chose,
    ``longer_scored_higher`` that whose longer one scores higher (a tie is half).
    """
    lengths = [
        torch.tensor([len(ids) for ids in own.group.completions], dtype=torch.float64) for own in rankings
    ]
    by_label = _joined([pair_differences(own, r.pairs) for own, r in zip(lengths, rankings, strict=True)])
    by_score = _joined([pair_differences(own, r.pairs) for own, r in zip(scores, rankings, strict=True)])
    uneven = by_label != 0
    higher = (by_score * by_label.sign())[uneven].sign() / 2 + 0.5
    return {
        "correlation": _cosine(
            _joined([own - own.mean() for own in scores]), _joined([own - own.mean() for own in lengths])
        ),
        "label_correlation": _cosine(torch.ones_like(by_label), by_label),
        "longer_preferred": (by_label[uneven] > 0).double().mean().item() if uneven.any() else None,
        "longer_scored_higher": higher.mean().item() if uneven.any() else None,
    }


def _joined(parts: Sequence[Tensor]) -> Tensor:
    return torch.cat([part.double() for part in parts]) if parts else torch.zeros(0, dtype=torch.float64)


def _cosine(left: Tensor, right: Tensor) -> float | None:
    scale = (left.norm() * right.norm()).item()
    return (left @ right).item() / scale if scale > 0 else None
