"""The one forward pass over a ragged row, by whichever way suits the model's attention.

In parts is the fast way, and right for plain causal attention. Where a model attends otherwise (windows,
soft caps, sinks) its own attention runs under an explicit mask over the same row; and where that is not
right either, each completion gets a padded row of its own. ``selfcheck`` finds which.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedConfig, PreTrainedModel

from training.attention import NAME, RowParts
from training.segments import Row

Way = Literal["parts", "mask", "padded"]
WAYS = "plumbline_ways"
"""The attribute of a model's trunk that holds its :class:`Ways`; parts, where it has none."""


class Ways(NamedTuple):
    """The right way for sequences within the window of a model's attention, and for longer ones."""

    within: Way
    beyond: Way


def way_of(model: PreTrainedModel, longest: int) -> Way:
    """The right way for a row whose longest sequence has so many tokens."""
    ways: Ways = getattr(model.base_model, WAYS, Ways("parts", "mask"))
    window = window_of(model.config)
    return ways.within if window is None or longest <= window else ways.beyond


def attends_in_parts(model: PreTrainedModel) -> bool:
    """Whether every row goes in parts, so that a pass never changes how ``model`` attends."""
    ways: Ways = getattr(model.base_model, WAYS, Ways("parts", "mask"))
    return ways.within == "parts" and window_of(model.config) is None


def window_of(config: PreTrainedConfig) -> int | None:
    """How many tokens a layer sees at most, itself included, where it does not see all."""
    config = config.get_text_config()
    window = getattr(config, "sliding_window", None)
    slides = getattr(config, "use_sliding_window", True)
    layers = getattr(config, "layer_types", None) or ["sliding_attention"]
    return int(window) if window and slides and "sliding_attention" in layers else None


def hidden_states(model: PreTrainedModel, row: Row) -> Tensor:
    """The trunk's last hidden state of every token of the row, ``[T, d]``."""
    longest = int(row.positions.max()) + 1
    return hidden_states_by(way_of(model, longest), model, row)


def hidden_states_by(way: Way, model: PreTrainedModel, row: Row) -> Tensor:
    """As :func:`hidden_states`, by one way."""
    if way == "parts":
        return _states(model, input_ids=row.ids, position_ids=row.positions, parts=RowParts(row))[0]
    with own_attention(model):
        return _masked(model, row) if way == "mask" else _padded(model, row)


@contextmanager
def own_attention(model: PreTrainedModel) -> Iterator[None]:
    """Let the model attend as its authors wrote it, with soft caps and sinks where it has them."""
    model.set_attn_implementation("eager")
    try:
        yield
    finally:
        model.set_attn_implementation(NAME)


def _states(model: PreTrainedModel, **inputs: object) -> Tensor:
    states: Tensor = model.base_model(use_cache=False, **inputs).last_hidden_state
    return states


def _masked(model: PreTrainedModel, row: Row) -> Tensor:
    full, window = row_mask(row, model.dtype), window_of(model.config)
    layers = set(getattr(model.config.get_text_config(), "layer_types", None) or ())
    mask: Tensor | dict[str, Tensor] = full
    if window is not None:
        sliding = row_mask(row, model.dtype, window)
        # Models that mix layers take a mask for each type; the others take one.
        mask = {"full_attention": full, "sliding_attention": sliding} if len(layers) > 1 else sliding
    return _states(model, input_ids=row.ids, position_ids=row.positions, attention_mask=mask)[0]


def row_mask(row: Row, dtype: torch.dtype, window: int | None = None) -> Tensor:
    """What is added to the scores, ``[1, 1, T, T]``: 0 where a token sees another, else the least number."""
    device = row.ids.device
    spans = torch.zeros(row.ids.shape[1], dtype=torch.long, device=device)
    owns = torch.zeros_like(spans)
    for number, span in enumerate(row.spans):
        spans[span.start :] = number
        for index, own in enumerate(span.completions, start=1):
            owns[own] = index
    distance = row.positions[0][:, None] - row.positions[0][None, :]
    sees = (spans[:, None] == spans[None, :]) & ((owns[None, :] == 0) | (owns[:, None] == owns[None, :]))
    sees &= (distance >= 0) & (distance < (math.inf if window is None else window))
    return torch.zeros(sees.shape, dtype=dtype, device=device).masked_fill_(~sees, torch.finfo(dtype).min)[
        None, None
    ]


def _padded(model: PreTrainedModel, row: Row) -> Tensor:
    """Each completion after a copy of its prompt, padded at the end; the first copy stands for the prompt."""
    places = [
        [*range(span.start, span.prompt_end), *range(own.start, own.stop)]
        for span in row.spans
        for own in span.completions or [slice(0, 0)]
    ]
    index = [torch.tensor(own, device=row.ids.device) for own in places]
    ids = pad_sequence([row.ids[0, own] for own in index], batch_first=True)
    mask = pad_sequence([torch.ones_like(own) for own in index], batch_first=True)
    positions = torch.arange(ids.shape[1], device=ids.device)[None].expand_as(ids)
    states = _states(model, input_ids=ids, attention_mask=mask, position_ids=positions)
    flat = torch.cat([own[: len(at)] for own, at in zip(states, index, strict=True)])
    first: dict[int, int] = {}
    for number, place in enumerate(place for own in places for place in own):
        first.setdefault(place, number)
    return flat[torch.tensor([first[place] for place in range(row.ids.shape[1])], device=flat.device)]
