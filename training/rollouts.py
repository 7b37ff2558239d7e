"""Fresh replies of the policy as it is at this moment, for the stages that learn from their own samples."""

from __future__ import annotations

from collections.abc import Sequence

from transformers import PreTrainedModel

from training.contracts import CompletionRow, PromptRow
from training.data import Encoder
from training.run import Run
from training.stages.sample import sample_prompts


def draw_replies(
    run: Run,
    policy: PreTrainedModel,
    encoder: Encoder,
    prompts: Sequence[PromptRow],
    k: int,
    *,
    seed: int,
    batch_rows: int = 256,
) -> list[list[CompletionRow]]:
    """``k`` replies to each prompt, in order, under ``seed``; ``batch_rows`` replies are decoded at once."""
    replies: list[list[CompletionRow]] = []
    size = max(1, batch_rows // k)
    for start in range(0, len(prompts), size):
        batch = prompts[start : start + size]
        rows = sample_prompts(run, policy, encoder, batch, k, seed=seed, done=None)
        replies += [rows[first : first + k] for first in range(0, len(rows), k)]
    return replies
