"""Trained reward models as scorers: normalised rewards of replies."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from training.checkpoints import ADAPTER_FOLDER
from training.combination import Combination
from training.contracts import META_FILE, ContractError, JobSpec
from training.data import Encoder
from training.ensemble import Members, heads_of, load_member_adapters
from training.models import check_source, encoder_for, load_reward_model
from training.safety import safety_first
from training.segments import Group


class RewardModel:
    """A folder that the reward stage wrote: one model or an ensemble, normalised as its meta.json says.

    ``model`` is the trunk with its heads, ``combination`` what makes one score of them, and ``temperature``
    what makes chances of scores: ``sigmoid((s_i - s_j) / temperature)``.
    """

    def __init__(self, source: str, job: JobSpec, role: str = "reward model") -> None:
        check_source(source, role)
        self.combination, self.temperature = read_meta(source, role)
        self.model = load_reward_model(source, job, role)
        outputs, members = heads_of(self.model), len(self.combination.members)
        if outputs != members:
            raise ContractError(
                f"The {role} {source} has {outputs} outputs, but its {META_FILE} is for {members} members."
            )
        folder = Path(source)
        of_adapters = outputs > 1 and (folder / ADAPTER_FOLDER).is_dir()
        adapters = load_member_adapters(self.model, folder) if of_adapters else None
        self._members = Members(self.model, adapters)
        self.encoder = encoder_for(self.model, source, role)

    def members(self, groups: Sequence[Group], micro_tokens: int) -> list[Tensor]:
        """The normalised rewards by each member: one ``[K, E]`` tensor a group."""
        return [self.combination.normalised(raw) for raw in self._members.scores(groups, micro_tokens)]

    def rewards(self, groups: Sequence[Group], micro_tokens: int) -> list[Tensor]:
        """Normalised rewards, one ``[K]`` tensor a group."""
        return [self.combination.combine(raw) for raw in self._members.scores(groups, micro_tokens)]


class Scorer:
    """The rewards of a job: its reward model's; with ``job.safety_model`` both, joined as Llama 2 does."""

    def __init__(self, source: str, job: JobSpec) -> None:
        self.helpful = RewardModel(source, job)
        self.encoder: Encoder = self.helpful.encoder
        self._source = source
        self._safety = RewardModel(job.safety_model, job, "safety model") if job.safety_model else None
        if self._safety:
            self.check_tokens(self._safety.encoder, f"the safety model {job.safety_model}")

    def check_tokens(self, other: Encoder, name: str) -> None:
        """Refuse the tokens of another model, named ``name``, where an id does not mean the same."""
        if not self.encoder.shares_tokens(other):
            raise ContractError(
                f"The reward model {self._source} has another vocabulary than {name}: "
                "a token id does not mean the same to both."
            )

    def rewards(
        self, groups: Sequence[Group], micro_tokens: int, safety_prompts: Sequence[bool] | None = None
    ) -> list[Tensor]:
        """One ``[K]`` tensor a group: normalised rewards, or ``logit(R_c)`` where there is a safety model.

        R_c is one of two calibrated chances: that a reply is preferred to an average one, or that it is safe.
        ``safety_prompts`` says of each group whether its prompt is one about safety; none is where it is
        not given. Whitening is left to who has the batch: it changes no order.
        """
        return self.judged(groups, micro_tokens, safety_prompts)[0]

    def judged(
        self, groups: Sequence[Group], micro_tokens: int, safety_prompts: Sequence[bool] | None = None
    ) -> tuple[list[Tensor], list[Tensor] | None]:
        """The :meth:`rewards`, and with a safety model the chance that each reply is safe, likewise."""
        helpful = self.helpful.rewards(groups, micro_tokens)
        if self._safety is None:
            return helpful, None
        safety = [own / self._safety.temperature for own in self._safety.rewards(groups, micro_tokens)]
        flags = safety_prompts or [False] * len(groups)
        joined = [
            safety_first(useful / self.helpful.temperature, safe, torch.full((len(safe),), flag))
            for useful, safe, flag in zip(helpful, safety, flags, strict=True)
        ]
        return joined, [torch.sigmoid(own) for own in safety]


def read_meta(source: str, role: str) -> tuple[Combination, float]:
    """How its scores are combined and scaled, and its temperature; raises :class:`ContractError`."""
    try:
        meta: dict[str, Any] = json.loads((Path(source) / META_FILE).read_text(encoding="utf-8"))
        combination = Combination.from_meta(meta)
        temperature = float(meta.get("temperature", 1 / combination.unit))
        if not 0 < temperature < math.inf:
            raise ValueError(temperature)
        return combination, temperature
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise ContractError(
            f"The {role} {source} has no {META_FILE} with reward_mean and reward_std: "
            "it was not written by the reward stage."
        ) from problem
