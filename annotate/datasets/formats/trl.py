"""TRL's conversational preference format, one pair a line.

``margin`` is the pair's level, 0.0 to 3.0, which is Llama 2's large scale; TRL's RewardTrainer subtracts it
from the difference of the rewards as it is. Ties give no pair.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from training.contracts import Message, RankingRow, pair_margins


def pairs(row: RankingRow) -> Iterator[dict[str, Any]]:
    """Every pair that a ranking states."""
    for better, worse, level in pair_margins(row.gaps):
        yield {
            "prompt": row.messages,
            "chosen": _reply(row.completions[better].text),
            "rejected": _reply(row.completions[worse].text),
            "margin": float(level),
        }


def _reply(text: str) -> list[Message]:
    return [{"role": "assistant", "content": text}]
