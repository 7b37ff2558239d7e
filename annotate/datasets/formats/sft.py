"""Demonstrations: what annotators made of completions that they edited, one conversation a line.

TRL's conversational language-modelling format, which SFTTrainer reads as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from training.contracts import RankingRow


def demonstrations(row: RankingRow) -> Iterator[dict[str, Any]]:
    """The prompt with each edited text as its answer."""
    for completion in row.completions:
        if completion.edit is not None:
            yield {"messages": [*row.messages, {"role": "assistant", "content": completion.edit}]}
