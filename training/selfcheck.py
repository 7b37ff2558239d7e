"""Which way through a model gives what the model gives by itself, in values and in gradients?"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import PreTrainedModel

from training.forward import WAYS, Way, Ways, hidden_states_by, own_attention, window_of
from training.segments import Group, Row, lay_out

FASTEST_FIRST: tuple[Way, ...] = ("parts", "mask", "padded")
TOLERANCE = {torch.float32: 1e-3, torch.bfloat16: 1e-1, torch.float16: 2e-2}
"""Largest relative difference that rounding explains, by the precision of the weights."""
SHORT_PROBE = 10
LONG_PROBE = 64
"""Tokens of a probe; what lies beyond a wider window is believed as the configuration states it."""


@torch.enable_grad()
def find_ways(model: PreTrainedModel) -> Ways | None:
    """Find the fastest ways that are right for ``model``, and let them be taken; None if none is.

    Two completions of a prompt are run together and, by the model's own attention, each alone; their hidden
    states must be the same, and so must the gradient of the first layer's norm.
    """
    if not _attends(model):
        return None
    window = window_of(model.config)
    plain = FASTEST_FIRST if _looks_plain(model) else FASTEST_FIRST[1:]
    within = beyond = _first_right(model, plain, min(SHORT_PROBE, window or SHORT_PROBE))
    if window is not None:
        tested = window + SHORT_PROBE <= LONG_PROBE
        beyond = _first_right(model, FASTEST_FIRST[1:], window + SHORT_PROBE) if tested else "mask"
    if within is None or beyond is None:
        return None
    ways = Ways(within, beyond)
    setattr(model.base_model, WAYS, ways)
    return ways


def _attends(model: PreTrainedModel) -> bool:
    """Every layer attends; one that carries a state instead has a cache that rows cannot leave."""
    config = model.config.get_text_config()
    layers = set(getattr(config, "layer_types", None) or ())
    return hasattr(config, "num_attention_heads") and layers <= {"full_attention", "sliding_attention"}


def _looks_plain(model: PreTrainedModel) -> bool:
    """Nothing in sight that a probe may be too tame to show: a soft cap matters at large scores only."""
    capped = getattr(model.config.get_text_config(), "attn_logit_softcapping", None) is not None
    return not capped and not any(hasattr(layer, "sinks") for layer in model.modules())


def _first_right(model: PreTrainedModel, ways: Sequence[Way], length: int) -> Way | None:
    row = lay_out([_probe(model, length)], model.device)
    values, slope = _with_slope(model, _alone(model, row))
    allowed = TOLERANCE.get(model.dtype, 1e-3)
    for way in ways:
        try:
            ours, own_slope = _with_slope(model, _of_completions(row, hidden_states_by(way, model, row)))
        except (TypeError, ValueError, RuntimeError, KeyError, AttributeError):
            continue  # it takes no such mask, or attends elsewhere than in its layers
        if _near(ours, values, allowed) and _near(own_slope, slope, 10 * allowed):
            return way
    return None


def _near(ours: Tensor, theirs: Tensor, allowed: float) -> bool:
    return bool((ours - theirs).norm() <= allowed * theirs.norm())


def _probe(model: PreTrainedModel, length: int) -> Group:
    """A prompt and two completions of it, the longer of which ends at ``length``."""
    size = int(model.config.get_text_config().vocab_size)
    completions = [[17, 19, 23, 29][: length // 2], [31, 37, 41][: length // 2]]
    prompt = [2 + 3 * place for place in range(length - len(completions[0]))]
    return Group([t % size for t in prompt], [[t % size for t in own] for own in completions])


def _of_completions(row: Row, states: Tensor) -> Tensor:
    return torch.cat([states[own] for own in row.spans[0].completions]).float()


def _with_slope(model: PreTrainedModel, states: Tensor) -> tuple[Tensor, Tensor]:
    """Hidden states, and the gradient of a weighted sum of them by the first vector of weights."""
    vector = next(p for p in model.base_model.parameters() if p.dim() == 1)
    weights = torch.linspace(-1, 1, states.numel(), device=states.device).view_as(states)
    (slope,) = torch.autograd.grad((states * weights).sum(), vector)
    return states.detach(), slope.float()


def _alone(model: PreTrainedModel, row: Row) -> Tensor:
    """Hidden states of each completion's tokens, each in a row of its own, by the model's own attention."""
    (span,) = row.spans
    ids, found = row.ids[0], []
    with own_attention(model):
        for own in span.completions:
            alone = torch.cat([ids[: span.prompt_end], ids[own]])[None]
            hidden = model.base_model(input_ids=alone, use_cache=False).last_hidden_state
            found.append(hidden[0, span.prompt_end :].float())
    return torch.cat(found)
