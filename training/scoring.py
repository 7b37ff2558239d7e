"""A trained reward model as a scorer: normalised rewards of replies."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor
from transformers import PreTrainedModel

from training.contracts import META_FILE, ContractError, JobSpec
from training.data import Encoder, Ranking
from training.logprobs import in_batches
from training.models import check_source, encoder_for, load_reward_model
from training.segments import Group


class Scorer:
    """Scores replies with a folder that the reward stage wrote, normalised as its meta.json says."""

    def __init__(self, source: str, job: JobSpec) -> None:
        check_source(source, "reward model")
        try:
            meta = json.loads((Path(source) / META_FILE).read_text(encoding="utf-8"))
            self._mean, self._deviation = float(meta["reward_mean"]), float(meta["reward_std"])
        except (OSError, ValueError, KeyError) as problem:
            raise ContractError(
                f"The reward model {source} has no {META_FILE} with reward_mean and reward_std: "
                "it was not written by the reward stage."
            ) from problem
        self._model: PreTrainedModel = load_reward_model(source, job)
        self.encoder: Encoder = encoder_for(self._model, source, "reward model")

    def rewards(self, groups: Sequence[Group], micro_tokens: int) -> list[Tensor]:
        """Normalised rewards, one ``[K]`` tensor a group."""
        raw = (
            values for batch in in_batches("rewards", self._model, groups, micro_tokens) for values in batch
        )
        return [(values - self._mean) / self._deviation for values in raw]


def accuracy_metrics(rankings: Iterable[Ranking], scores: Iterable[Tensor]) -> dict[str, Any]:
    """How often the better of a pair scores higher (a tie is half), over all pairs and by margin level."""
    right: dict[int, float] = defaultdict(float)
    count: dict[int, int] = defaultdict(int)
    for ranking, values in zip(rankings, scores, strict=True):
        listed = values.tolist()
        for better, worse, level in ranking.pairs:
            difference = listed[better] - listed[worse]
            right[level] += 0.5 if difference == 0 else float(difference > 0)
            count[level] += 1
    pairs = sum(count.values())
    return {
        "accuracy": sum(right.values()) / pairs if pairs else None,
        "pairs": pairs,
        "by_margin": {
            str(level): {"accuracy": right[level] / count[level], "pairs": count[level]}
            for level in sorted(count)
        },
    }
