"""Decoding with attention in parts: each prompt is run once, and kept once for all of its replies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import PreTrainedModel

from training.attention import RowParts
from training.segments import Group, lay_out


class SharedPrompts:
    """A :class:`~training.own_cache.Decoder` whose rows share the keys and values of their prompt."""

    def __init__(
        self, policy: PreTrainedModel, prompts: Sequence[list[int]], owners: Sequence[int], steps: int
    ) -> None:
        self._policy = policy
        row = lay_out([Group(prompt, []) for prompt in prompts], policy.device)
        parts = RowParts(row, keep=True)
        ends = torch.tensor([span.prompt_end - 1 for span in row.spans], device=policy.device)
        logits = policy(
            input_ids=row.ids, position_ids=row.positions, use_cache=False, logits_to_keep=ends, parts=parts
        ).logits[0]
        self.logits = logits[torch.tensor(owners, device=policy.device)].float()
        self._parts = DecodeParts(parts.kept, [len(prompt) for prompt in prompts], owners, steps)

    def step(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """See :class:`~training.own_cache.Decoder`."""
        output = self._policy(
            input_ids=tokens[:, None], position_ids=positions[:, None], use_cache=False, parts=self._parts
        )
        self._parts.advance()
        logits: Tensor = output.logits[:, 0].float()
        return logits

    def keep(self, rows: Sequence[int]) -> Tensor:
        """See :class:`~training.own_cache.Decoder`."""
        return self._parts.keep(rows)


class DecodeParts:
    """Attention of one new token a row over its prompt's shared cache and its own.

    Rows of one prompt stand together. ``prompt_keys`` is ``[P, kv_heads, L, d]`` a layer, padded and
    masked; the rows' own keys are preallocated ``[R, kv_heads, steps, d]``.
    """

    def __init__(
        self,
        prompts: dict[int, tuple[Tensor, Tensor]],
        lengths: Sequence[int],
        owners: Sequence[int],
        steps: int,
    ) -> None:
        self._owners = list(owners)
        self._step = 0
        longest = max(lengths)
        self._prompt: dict[int, tuple[Tensor, Tensor]] = {}
        self._own: dict[int, tuple[Tensor, Tensor]] = {}
        for layer, (key, value) in prompts.items():
            self._prompt[layer] = (_padded(key, lengths, longest), _padded(value, lengths, longest))
            shape = (len(owners), key.shape[1], steps, key.shape[3])
            self._own[layer] = (key.new_empty(shape), key.new_empty(shape))
        sample = prompts[0][0]
        ends = torch.tensor(lengths, device=sample.device)
        padding = torch.arange(longest, device=sample.device)[None, :] >= ends[:, None]
        self._mask = torch.zeros_like(padding, dtype=sample.dtype).masked_fill(padding, -torch.inf)
        self._runs = self._find_runs()

    def _find_runs(self) -> list[tuple[int, int]]:
        """Runs of prompts with equally many rows, which attend together: ``(rows a prompt, prompts)``."""
        return sorted(Counter(Counter(self._owners).values()).items())

    def advance(self) -> None:
        """Go on to the next token."""
        self._step += 1

    def keep(self, rows: Sequence[int]) -> Tensor:
        """Drop all rows but these, and reorder them; returns the indices of the rows as they now stand."""
        left = Counter(self._owners[row] for row in rows)
        rows = sorted(rows, key=lambda row: (left[self._owners[row]], self._owners[row]))
        index = torch.tensor(rows, device=self._mask.device)
        remaining = [self._owners[row] for row in rows]
        prompts = list(dict.fromkeys(remaining))
        prompt_index = torch.tensor(prompts, device=self._mask.device)
        renamed = {prompt: number for number, prompt in enumerate(prompts)}
        self._owners = [renamed[prompt] for prompt in remaining]
        self._mask = self._mask[prompt_index]
        for layer, (keys, values) in self._own.items():
            self._own[layer] = (_kept(keys, index, self._step), _kept(values, index, self._step))
            prompt_keys, prompt_values = self._prompt[layer]
            self._prompt[layer] = (prompt_keys[prompt_index], prompt_values[prompt_index])
        self._runs = self._find_runs()
        return index

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
        """See :class:`~training.attention.Parts`; B is the rows and T is 1."""
        own_keys, own_values = self._own[layer]
        own_keys[:, :, self._step] = key[:, :, 0]
        own_values[:, :, self._step] = value[:, :, 0]
        seen = self._step + 1
        prompt_keys, prompt_values = self._prompt[layer]
        rows, kv_heads, width = key.shape[0], key.shape[1], key.shape[3]
        query = query.reshape(rows, kv_heads, -1, width) * scale
        own_scores = query @ own_keys[:, :, :seen].transpose(2, 3)
        outputs = []
        row = prompt = 0
        for siblings, members in self._runs:
            next_row, next_prompt = row + siblings * members, prompt + members
            outputs.append(
                _merged(
                    query[row:next_row],
                    own_scores[row:next_row],
                    own_values[row:next_row, :, :seen],
                    prompt_keys[prompt:next_prompt],
                    prompt_values[prompt:next_prompt],
                    self._mask[prompt:next_prompt],
                )
            )
            row, prompt = next_row, next_prompt
        return torch.cat(outputs).reshape(rows, -1, 1, width)


def _merged(
    query: Tensor, own_scores: Tensor, own_values: Tensor, keys: Tensor, values: Tensor, mask: Tensor
) -> Tensor:
    """One softmax over the prompt and the row's own tokens, ``[rows, kv_heads, g, d]``."""
    prompts, kv_heads, length, width = keys.shape
    rows, _, grouped, _ = query.shape
    siblings = rows // prompts
    by_prompt = query.view(prompts, siblings, kv_heads, grouped, width).transpose(1, 2)
    by_prompt = by_prompt.reshape(prompts, kv_heads, siblings * grouped, width)
    scores = by_prompt @ keys.transpose(2, 3) + mask[:, None, None, :]
    scores = scores.view(prompts, kv_heads, siblings, grouped, length).transpose(1, 2)
    scores = scores.reshape(rows, kv_heads, grouped, length)
    weights = torch.cat([scores, own_scores], dim=3).softmax(dim=3)
    on_prompt = weights[..., :length].view(prompts, siblings, kv_heads, grouped, length).transpose(1, 2)
    from_prompt = on_prompt.reshape(prompts, kv_heads, siblings * grouped, length) @ values
    from_prompt = from_prompt.view(prompts, kv_heads, siblings, grouped, width).transpose(1, 2)
    return weights[..., length:] @ own_values + from_prompt.reshape(rows, kv_heads, grouped, width)


def _padded(ragged: Tensor, lengths: Sequence[int], longest: int) -> Tensor:
    """``[1, heads, sum, d]`` to ``[P, heads, longest, d]``, zeros after each end."""
    padded = ragged.new_zeros(len(lengths), ragged.shape[1], longest, ragged.shape[3])
    for index, part in enumerate(ragged[0].split(list(lengths), dim=1)):
        padded[index, :, : part.shape[1]] = part
    return padded


def _kept(cache: Tensor, index: Tensor, seen: int) -> Tensor:
    smaller = cache.new_empty(len(index), *cache.shape[1:])
    smaller[:, :, :seen] = cache[index, :, :seen]
    return smaller
