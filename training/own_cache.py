"""Decoding by a model's own attention and transformers' cache, for models that do not attend in parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel

from training.forward import own_attention


class Decoder(Protocol):
    """Replies under way, a row each; ``logits`` are of each row's first token, ``[R, V]`` float32."""

    logits: Tensor

    def step(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """Give each row its next token, ``[R]``, at ``positions``; returns the logits after it."""
        ...

    def keep(self, rows: Sequence[int]) -> Tensor:
        """Drop all rows but these, and reorder them; returns the indices of the rows as they now stand."""
        ...


class OwnPrompts:
    """A row each with a copy of its prompt, padded at the front."""

    def __init__(self, policy: PreTrainedModel, prompts: Sequence[list[int]]) -> None:
        self._policy, self._cache = policy, DynamicCache(config=policy.config)
        longest = max(map(len, prompts))
        padding = [longest - len(prompt) for prompt in prompts]
        ids = [[0] * pad + prompt for pad, prompt in zip(padding, prompts, strict=True)]
        mask = [[0] * pad + [1] * (longest - pad) for pad in padding]
        self._mask = torch.tensor(mask, device=policy.device)
        positions = (self._mask.cumsum(dim=1) - 1).clamp(min=0)
        self.logits = self._run(torch.tensor(ids, device=policy.device), positions)

    def _run(self, ids: Tensor, positions: Tensor) -> Tensor:
        with own_attention(self._policy):
            logits: Tensor = self._policy(
                input_ids=ids, attention_mask=self._mask, position_ids=positions,
                past_key_values=self._cache, use_cache=True, logits_to_keep=1,
            ).logits[:, -1]  # fmt: skip
        return logits.float()

    def step(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """See :class:`Decoder`."""
        self._mask = torch.cat([self._mask, torch.ones_like(self._mask[:, :1])], dim=1)
        return self._run(tokens[:, None], positions[:, None])

    def keep(self, rows: Sequence[int]) -> Tensor:
        """See :class:`Decoder`."""
        index = torch.tensor(rows, device=self._mask.device)
        self._cache.batch_select_indices(index)
        self._mask = self._mask[index]
        return index
