"""Looking into a loop over iterations."""

from __future__ import annotations

from typing import Any

from training.experience import Experience
from training.on_policy import Iterations


def batches_of(loop: Any) -> Iterations:
    """The iterations that a loop over them runs through."""
    found = loop._batches
    assert isinstance(found, Iterations)
    return found


def drawn(batch: Any) -> list[Experience]:
    """The replies of a batch, without the pretraining mix."""
    return [item for item in batch if isinstance(item, Experience)]
