"""One-sided labels: replies that are desirable or undesirable by themselves, as KTO learns from.

Where an annotator gave thumbs in a ranking, those are the labels, and replies without one have none. Where
there is no thumb, the labels are read off the ranking: under "all bad" every reply is undesirable; else a
reply is desirable when it is better than more of its siblings than are better than it, undesirable when it is
the other way round, and without a label when it stands in the middle or is tied.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.contracts import ContractError, RankingRow, pair_margins, read_rankings
from training.data import Encoder
from training.params.kto import KtoParams
from training.segments import Group

HEAVIEST_DESIRABLE = 4 / 3
"""Desirable over undesirable mass should lie from 1 to this (Ethayarajh et al. 2024, eq. 9)."""


@dataclass(frozen=True)
class Labelled:
    """The labelled replies of one ranking.

    ``mismatched`` is its prompt with the replies of another prompt: how much likelier those have become is
    the zero point of what a reply is worth.
    """

    group: Group
    desirable: list[bool]
    weight: float
    mismatched: Group

    @property
    def tokens(self) -> int:
        """Tokens that a forward pass over it runs."""
        return self.group.tokens

    @property
    def share(self) -> float:
        """Its part of a batch: the loss is a mean over replies."""
        return self.weight * len(self.desirable)


@dataclass(frozen=True)
class _Row:
    prompt_id: str
    group: Group
    desirable: list[bool]
    weight: float


def labels_of(row: RankingRow) -> list[bool | None]:
    """Whether each completion is desirable, None where nothing says so; the rule is above."""
    if any(completion.thumb for completion in row.completions):
        return [None if item.thumb is None else item.thumb == "up" for item in row.completions]
    if row.all_bad:
        return [False] * len(row.completions)
    balance = [0] * len(row.completions)
    for better, worse, _ in pair_margins(row.gaps):
        balance[better] += 1
        balance[worse] -= 1
    return [None if own == 0 else own > 0 for own in balance]


def load_labelled(
    paths: Sequence[str], encoder: Encoder, params: KtoParams
) -> tuple[list[Labelled], list[Labelled]]:
    """Read the train and the held-out fold; raises :class:`ContractError` where one side has no label."""
    folds: dict[str, list[_Row]] = {"train": [], "heldout": []}
    for path in paths:
        for row in read_rankings(Path(path)):
            labels = labels_of(row)
            kept = [item for item, label in zip(row.completions, labels, strict=True) if label is not None]
            weight = row.weight * params.weight_of(row.source)
            if kept and weight > 0:
                group = encoder.group(row.prompt_id, row.messages, kept)
                known = [label for label in labels if label is not None]
                folds[row.fold].append(_Row(row.prompt_id, group, known, weight))
    _require_both_sides(folds["train"], len(paths))
    train = _matched(folds["train"], folds["train"], encoder.context)
    heldout = _matched(folds["heldout"], folds["train"], encoder.context)
    return train, heldout


def _require_both_sides(rows: Sequence[_Row], files: int) -> None:
    good = sum(sum(row.desirable) for row in rows)
    bad = sum(len(row.desirable) for row in rows) - good
    if not good or not bad:
        raise ContractError(
            f"The {files} rankings files call {good} replies of the train fold desirable and {bad} "
            "undesirable: KTO needs some of both."
        )


def balanced_weights(items: Iterable[Labelled], params: KtoParams) -> tuple[float, float]:
    """Weights of desirable and of undesirable replies.

    Where params set neither, the lighter side is raised until desirable over undesirable mass lies within
    [1, 4/3]; a weight that params set is kept, and the other, unless it is set too, does the balancing.
    """
    good = bad = 0.0
    for item in items:
        good += item.weight * sum(item.desirable)
        bad += item.weight * (len(item.desirable) - sum(item.desirable))
    up, down = params.desirable_weight, params.undesirable_weight
    if up is not None and down is not None:
        return up, down
    if down is not None:
        return down * bad / good, down
    if up is not None:
        return up, up * good / bad
    return max(1.0, bad / good), max(1.0, good / (HEAVIEST_DESIRABLE * bad))


def _matched(rows: Sequence[_Row], others: Sequence[_Row], context: int) -> list[Labelled]:
    """Give each prompt the replies of the next other prompt for which its context has room."""
    return [
        Labelled(row.group, row.desirable, row.weight, _mismatched(row, others, index, context))
        for index, row in enumerate(rows)
    ]


def _mismatched(row: _Row, others: Sequence[_Row], index: int, context: int) -> Group:
    for step in range(1, len(others) + 1):
        other = others[(index + step) % len(others)]
        longest = max(map(len, other.group.completions))
        if other.prompt_id != row.prompt_id and len(row.group.prompt) + longest <= context:
            return Group(row.group.prompt, other.group.completions)
    raise ContractError(
        f"No other prompt has replies that fit after the prompt {row.prompt_id}: KTO finds its zero point "
        "from prompts with the replies of another, so it needs at least two."
    )
