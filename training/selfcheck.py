"""Does a model attend as the parts assume? Some do not: soft caps, sinks, state-space layers."""

from __future__ import annotations

import torch
from torch import Tensor
from transformers import PreTrainedModel

from training.attention import NAME, RowParts
from training.segments import Group, lay_out

TOLERANCE = {torch.float32: 1e-3, torch.bfloat16: 1e-1, torch.float16: 2e-2}
"""Largest relative difference that rounding explains, by the precision of the weights."""


@torch.no_grad()
def attends_in_parts(model: PreTrainedModel) -> bool:
    """Whether two completions in one row give what each gives alone by the model's own attention."""
    size = int(model.config.vocab_size)
    group = Group(
        [token % size for token in (2, 3, 5, 7, 11, 13)],
        [[token % size for token in completion] for completion in ((17, 19, 23, 29), (31, 37, 41))],
    )
    row = lay_out([group], model.device)
    trunk = model.base_model
    together = trunk(
        input_ids=row.ids, position_ids=row.positions, use_cache=False, parts=RowParts(row)
    ).last_hidden_state
    alone = _alone(model, group)
    ours = torch.cat([together[0, own] for own in row.spans[0].completions]).float()
    return bool((ours - alone).norm() <= TOLERANCE.get(model.dtype, 1e-3) * alone.norm())


def _alone(model: PreTrainedModel, group: Group) -> Tensor:
    """Hidden states of each completion's tokens, each in a row of its own, by the model's eager attention."""
    model.set_attn_implementation("eager")
    try:
        states = []
        for completion in group.completions:
            ids = torch.tensor([group.prompt + completion], device=model.device)
            hidden = model.base_model(input_ids=ids, use_cache=False).last_hidden_state
            states.append(hidden[0, len(group.prompt) :].float())
    finally:
        model.set_attn_implementation(NAME)
    return torch.cat(states)
