"""Learning from replies as they stand: what supervised fine-tuning and rejection sampling share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from transformers import PreTrainedModel

from training.adapters import add_adapters
from training.checkpoints import CHECKPOINT_FOLDER, save_checkpoint
from training.contracts import ContractError, RankedCompletion, read_dialogues
from training.data import Encoder
from training.engine import Log, Loop, Objective, Summed
from training.logprobs import completion_logprobs
from training.params import LoopParams
from training.run import Run
from training.segments import Group, by_token_budget


@dataclass(frozen=True)
class Lesson:
    """A prompt and the one reply to be learnt; ``weight`` multiplies each of the reply's tokens."""

    group: Group
    weight: float = 1.0

    @property
    def tokens(self) -> int:
        """Tokens that a forward pass over it runs."""
        return self.group.tokens

    @property
    def share(self) -> float:
        """Its part of a batch: the loss is a mean over reply tokens."""
        return self.weight * len(self.group.completions[0])


def read_lessons(paths: Sequence[str], encoder: Encoder, fold: str) -> list[Lesson]:
    """The last turn of every dialogue of a fold, to be learnt after the turns before it."""
    return [
        Lesson(
            encoder.group(
                f"{path} line {number}", row.messages[:-1], [RankedCompletion(row.messages[-1]["content"])]
            ),
            row.weight,
        )
        for path in paths
        for number, row in enumerate(read_dialogues(Path(path)), start=1)
        if row.fold == fold and row.weight > 0
    ]


def imitate(
    run: Run, policy: PreTrainedModel, lessons: Sequence[Lesson], params: LoopParams, phase: str
) -> tuple[Log, PeftModel | None]:
    """Train ``policy`` on replies alone; prompts are seen, not learnt. Returns the log and the adapters."""
    if not lessons:
        raise ContractError(f"The stage {phase} has no reply to learn from.")
    job = run.job
    adapters = add_adapters(policy, job.lora, job.seed) if job.lora else None

    def loss(batch: Sequence[Lesson]) -> Summed:
        surprises = -completion_logprobs(policy, [lesson.group for lesson in batch]).sums()
        weights = torch.tensor([lesson.weight for lesson in batch], device=surprises.device)
        return Summed((weights * surprises).sum(), {})

    loop = Loop(
        policy, lessons, Objective(loss, lambda lesson: lesson.share, apart=True), params,
        learning_rate=params.rate(lora=bool(job.lora)),
        seed=job.seed, work=run.work, autocast=job.lora is None and job.precision == "bfloat16",
    )  # fmt: skip
    return loop.run(run.reporter, run.stop, phase), adapters


@torch.no_grad()
def mean_surprise(policy: PreTrainedModel, lessons: Sequence[Lesson], micro_tokens: int) -> float | None:
    """Mean negative log-likelihood of reply tokens, in nats; None where there is no lesson."""
    total = 0.0
    for batch in by_token_budget(lessons, lambda lesson: lesson.tokens, micro_tokens):
        surprises = -completion_logprobs(policy, [lesson.group for lesson in batch]).sums()
        total += sum(lesson.weight * own for lesson, own in zip(batch, surprises.tolist(), strict=True))
    shares = sum(lesson.share for lesson in lessons)
    return total / shares if shares else None


def save_policy(
    run: Run, policy: PreTrainedModel, encoder: Encoder, adapters: PeftModel | None, metrics: dict[str, Any]
) -> dict[str, str]:
    """Write the policy's checkpoint into the output; returns the stage's files."""
    save_checkpoint(
        run.output / CHECKPOINT_FOLDER, model=policy, tokenizer=encoder.tokenizer, job=run.job, kind="policy",
        adapters=adapters, extra={"metrics": metrics},
    )  # fmt: skip
    return {"checkpoint": CHECKPOINT_FOLDER}
