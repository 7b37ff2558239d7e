"""The one forward pass over a ragged row, by whichever route suits the model's attention."""

from __future__ import annotations

from torch import Tensor
from transformers import PreTrainedModel

from training.attention import RowParts
from training.segments import Row


def hidden_states(model: PreTrainedModel, row: Row) -> Tensor:
    """The trunk's last hidden state of every token of the row, ``[T, d]``."""
    states: Tensor = model.base_model(
        input_ids=row.ids, position_ids=row.positions, use_cache=False, parts=RowParts(row)
    ).last_hidden_state[0]
    return states
