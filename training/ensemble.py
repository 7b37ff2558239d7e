"""Reward models of several members: heads on one trunk, or low-rank adapters on one base, each with its head.

Each member is drawn under its own seed and learns from its own draw of the rankings; adapters also meet them
in an order of their own. A single model is an ensemble of one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import torch
from peft import PeftModel
from torch import Tensor, nn
from transformers import PreTrainedModel

from training.checkpoints import ADAPTER_FOLDER
from training.contracts import ContractError
from training.logprobs import completion_heads
from training.segments import Group, by_token_budget

T = TypeVar("T")


def member_seed(seed: int, member: int) -> int:
    """The seed of a member, below 2^40; the first has the seed of the job."""
    if member == 0:
        return seed
    return int.from_bytes(hashlib.sha256(f"{seed}/{member}".encode()).digest()[:5])


def adapter_name(member: int) -> str:
    """The name of a member's adapter in peft, and below ``adapter/``, where the first lies itself."""
    return "default" if member == 0 else f"member-{member}"


def resampled(items: Sequence[T], seed: int) -> list[T]:
    """As many of ``items``, drawn with replacement: about 63 % of them, some several times."""
    return [items[index] for index in _picks(len(items), seed).tolist()]


def draws(count: int, seed: int) -> Tensor:
    """How often each of ``count`` items is among the resampled, ``[count]``."""
    return torch.bincount(_picks(count, seed), minlength=count)


def _picks(count: int, seed: int) -> Tensor:
    return torch.randint(count, (count,), generator=torch.Generator().manual_seed(seed))


def heads_of(model: PreTrainedModel) -> int:
    """How many outputs a reward model has."""
    return len(head_weight(model))


def head_weight(model: PreTrainedModel) -> Tensor:
    """The weights of all heads, ``[E, d]``."""
    assert isinstance(model.score, nn.Linear)
    return model.score.weight


class Members:
    """The members of a loaded reward model; ``adapters`` wraps ``model`` where there is one to each."""

    def __init__(self, model: PreTrainedModel, adapters: PeftModel | None = None) -> None:
        self._model, self._adapters = model, adapters
        self.count = heads_of(model)

    def raw(self, groups: Sequence[Group]) -> Tensor:
        """The raw scores of each completion by each member, ``[completions, E]``."""
        if self._adapters is None:
            return completion_heads(self._model, groups)
        columns = []
        for member in range(self.count):
            self._adapters.set_adapter(adapter_name(member))
            columns.append(completion_heads(self._model, groups)[:, member])
        return torch.stack(columns, dim=1)

    @torch.no_grad()
    def scores(self, groups: Sequence[Group], micro_tokens: int) -> list[Tensor]:
        """Raw scores without gradients: one ``[K, E]`` tensor a group."""
        found: list[Tensor] = []
        for batch in by_token_budget(groups, lambda group: group.tokens, micro_tokens):
            found += self.raw(batch).cpu().split([len(group.completions) for group in batch])
        return found


def add_member(adapters: PeftModel, name: str, seed: int) -> None:
    """Put one more adapter, like the first but drawn under ``seed``, on the same base, and train it alone."""
    torch.manual_seed(seed)
    adapters.add_adapter(name, adapters.peft_config["default"])
    adapters.set_adapter(name)


def set_heads(model: PreTrainedModel, heads: Sequence[Tensor]) -> None:
    """Give ``model`` one output a head; each is ``[1, d]``."""
    weight = torch.cat([head.detach() for head in heads])
    score = nn.Linear(weight.shape[1], len(weight), bias=False, device=weight.device, dtype=weight.dtype)
    with torch.no_grad():
        score.weight.copy_(weight)
    model.score = score
    model.config.num_labels = len(weight)


def load_member_adapters(model: PreTrainedModel, folder: Path) -> PeftModel:
    """Put the adapter of every member on its base; raises :class:`ContractError` if one is missing."""
    adapters: PeftModel | None = None
    for member in range(heads_of(model)):
        name = adapter_name(member)
        path = folder / ADAPTER_FOLDER / ("" if member == 0 else name)
        if not (path / "adapter_config.json").is_file():
            raise ContractError(f"The reward model {folder} has no adapter of its member {member + 1}.")
        if adapters is None:
            adapters = PeftModel.from_pretrained(model, str(path), adapter_name=name)
        else:
            adapters.load_adapter(str(path), adapter_name=name)
    assert adapters is not None
    return adapters.eval()
