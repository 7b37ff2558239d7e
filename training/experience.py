"""What an iteration of reinforcement learning has drawn, and what of it is learnt from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from training.segments import Group


@dataclass(frozen=True)
class Rollout:
    """Replies to P prompts, K each: B = P K replies of N tokens in all.

    ``logprobs`` under the policy that drew them and under the ``reference`` are flat ``[N]``, in nats;
    ``scores`` ``[B]`` are what is paid at the last token of each reply.
    """

    groups: list[Group]
    logprobs: Tensor
    reference: Tensor
    scores: Tensor

    @property
    def lengths(self) -> list[int]:
        """Tokens of each reply."""
        return [len(own) for group in self.groups for own in group.completions]

    @property
    def mask(self) -> Tensor:
        """``[B, T]``, 1 on the tokens of a reply and 0 after it."""
        return self.padded(torch.ones_like(self.logprobs))

    def padded(self, flat: Tensor) -> Tensor:
        """``[N]`` to ``[B, T]``, zeros after each reply."""
        return pad_sequence(list(flat.split(self.lengths)), batch_first=True)

    def flat(self, padded: Tensor) -> Tensor:
        """``[B, T]`` to ``[N]``."""
        return padded[self.mask.bool()]

    def kl(self) -> Tensor:
        """``log pi - log pi_ref`` of each reply, ``[B]``: its mean estimates the KL, in nats."""
        return self.padded(self.logprobs - self.reference).sum(dim=1)


@dataclass(frozen=True)
class Experience:
    """A prompt, its replies, and what is known of each of their tokens: flat columns, by name."""

    group: Group
    columns: dict[str, Tensor]

    @property
    def tokens(self) -> int:
        """Tokens that a forward pass over it runs."""
        return self.group.tokens

    @property
    def reply_tokens(self) -> int:
        """Tokens that are learnt from."""
        return sum(map(len, self.group.completions))


def experiences(groups: Sequence[Group], columns: dict[str, Tensor]) -> list[Experience]:
    """Deal flat columns over all reply tokens out to the groups."""
    ends = list(accumulate(sum(map(len, group.completions)) for group in groups))
    return [
        Experience(group, {name: flat[start:end] for name, flat in columns.items()})
        for group, start, end in zip(groups, [0, *ends[:-1]], ends, strict=True)
    ]


def joined(items: Sequence[Experience], name: str, device: torch.device) -> Tensor:
    """One column of some experiences, end to end."""
    return torch.cat([item.columns[name] for item in items]).to(device)


def pack(items: Sequence[Experience], **counters: Any) -> dict[str, Tensor]:
    """Experiences, and counters that JSON can hold, as tensors; :func:`unpack` has them back exactly."""
    kept = {"groups": [asdict(item.group) for item in items], "counters": counters}
    cpu = torch.device("cpu")
    columns = {f"column/{name}": joined(items, name, cpu) for item in items[:1] for name in item.columns}
    return {"json": torch.frombuffer(bytearray(json.dumps(kept).encode()), dtype=torch.uint8), **columns}


def unpack(state: dict[str, Tensor]) -> tuple[list[Experience], dict[str, Any]]:
    """The experiences and the counters that :func:`pack` was given."""
    kept = json.loads(bytes(state["json"].numpy()))
    groups = [Group(**group) for group in kept["groups"]]
    columns = {
        name.removeprefix("column/"): flat for name, flat in state.items() if name.startswith("column/")
    }
    return experiences(groups, columns), kept["counters"]
