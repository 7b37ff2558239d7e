"""The safety bins of Llama 2, derived from what was said of each completion of a pair.

Touvron et al. 2023, "Llama 2: Open Foundation and Fine-Tuned Chat Models", section 3.2.1: every pair of
safety data falls into one of three bins, the preferred response safe and the other not, both safe, or both
unsafe. Pairs whose preferred response is unsafe and the other safe are left out there, as a safer response
should also be the better one; they have a bin of their own here, so that one sees how many there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from training.contracts.rows import RankingRow, pair_margins

SafetyBin = Literal["preferred_safe", "both_safe", "both_unsafe", "preferred_unsafe"]
SAFETY_BINS: tuple[SafetyBin, ...] = ("preferred_safe", "both_safe", "both_unsafe", "preferred_unsafe")


def safety_bin(*, preferred: bool | None, other: bool | None) -> SafetyBin | None:
    """The bin of a pair from whether each of the two is safe; None when that was not said of both."""
    if preferred is None or other is None:
        return None
    if preferred:
        return "both_safe" if other else "preferred_safe"
    return "preferred_unsafe" if other else "both_unsafe"


def safety_bins(row: RankingRow) -> Iterator[SafetyBin]:
    """The bin of every pair that a ranking states, where safety was said of both."""
    for better, worse, _ in pair_margins(row.gaps):
        preferred, other = row.completions[better].safe, row.completions[worse].safe
        if found := safety_bin(preferred=preferred, other=other):
            yield found
