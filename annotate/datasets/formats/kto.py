"""Thumbs: completions that were called desirable or undesirable, one a line.

TRL's conversational unpaired preference format, which KTOTrainer reads as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from training.contracts import RankingRow


def labelled(row: RankingRow) -> Iterator[dict[str, Any]]:
    """Every completion that has a thumb, with ``label`` true for up."""
    for completion in row.completions:
        if completion.thumb is not None:
            yield {
                "prompt": row.messages,
                "completion": [{"role": "assistant", "content": completion.text}],
                "label": completion.thumb == "up",
            }
