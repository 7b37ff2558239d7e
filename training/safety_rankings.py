"""What a safety reward model learns, chosen from rankings that say of each completion whether it is safe.

Llama 2, section 3.2.2, trains it on safety data and a tenth of helpfulness data. Here one ranking may be
either: it is about safety where a completion of it was called unsafe, and about helpfulness otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from training.contracts import ContractError, RankingRow, read_rankings, safety_bin
from training.data import Encoder, Ranking, encode_ranking
from training.params import SafetyParams


@dataclass(frozen=True)
class SafetyRankings:
    """What is learnt, ``helpful`` of it without a completion called unsafe; and all that is held out."""

    train: list[Ranking]
    heldout: list[Ranking]
    helpful: int


def read_rows(paths: Sequence[str]) -> list[RankingRow]:
    """The rows of every file."""
    return [row for path in paths for row in read_rankings(Path(path))]


def why_not(rows: Sequence[RankingRow]) -> str:
    """Why there is nothing to learn of safety, for a person; empty where there is."""
    said = [item.safe for row in rows if row.fold == "train" for item in row.completions]
    if True in said and False in said:
        return ""
    if True not in said and False not in said:
        return "Nobody has said of any train reply whether it is safe, so no safety model was trained."
    only = "safe" if True in said else "unsafe"
    return f"Every train reply that was called safe or unsafe is {only}, so no safety model was trained."


def choose(rows: Sequence[RankingRow], encoder: Encoder, params: SafetyParams, seed: int) -> SafetyRankings:
    """Every train ranking about safety, and a draw of the others that makes ``helpful_share`` of the whole.

    Pairs whose preferred completion alone is unsafe are left out, as in the paper; what was called safe and
    unsafe in them is learnt all the same. Raises :class:`ContractError` for a share of 1 or more.
    """
    if params.helpful_share >= 1:
        raise ContractError(f"The param helpful_share is {params.helpful_share}; it must be below 1.")
    found: dict[str, list[Ranking]] = {"train": [], "heldout": []}
    for row in rows:
        ranking = _fair(encode_ranking(row, encoder, row.weight * params.weight_of(row.source)))
        if ranking.weight > 0 and (ranking.pairs or any(said is not None for said in ranking.safe)):
            found[row.fold].append(ranking)
    about = [ranking for ranking in found["train"] if False in ranking.safe]
    others = [ranking for ranking in found["train"] if False not in ranking.safe]
    count = round(len(about) * params.helpful_share / (1 - params.helpful_share))
    order = torch.randperm(len(others), generator=torch.Generator().manual_seed(seed)).tolist()
    drawn = [others[n] for n in sorted(order[:count])]
    return SafetyRankings(about + drawn, found["heldout"], len(drawn))


def _fair(ranking: Ranking) -> Ranking:
    """Without the pairs that prefer an unsafe completion to a safe one."""
    pairs = [
        pair
        for pair in ranking.pairs
        if safety_bin(preferred=ranking.safe[pair[0]], other=ranking.safe[pair[1]]) != "preferred_unsafe"
    ]
    return replace(ranking, pairs=pairs)
