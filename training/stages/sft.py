"""SFT: the policy learns replies as they stand, so that a base model can be brought in."""

from __future__ import annotations

from pathlib import Path

from training.contracts import DialogueRow, RankedCompletion, read_dialogues
from training.data import Encoder
from training.imitation import Lesson, imitate, mean_surprise, save_policy
from training.models import encoder_for, load_policy
from training.params import SftParams, parse_params
from training.run import Run, StageOutput


def run(run: Run) -> StageOutput:
    """Train on the last turn of every dialogue of ``job.dialogues``; its loss alone, not its prompt's."""
    job = run.job
    params = parse_params(SftParams, job.params)
    policy = load_policy(job.policy, job, train=job.lora is None)
    encoder = encoder_for(policy, job.policy)
    rows = [
        (f"{path} line {number}", row)
        for path in job.dialogues
        for number, row in enumerate(read_dialogues(Path(path)), start=1)
        if row.weight > 0
    ]
    train, heldout = (
        [_lesson(encoder, name, row) for name, row in rows if row.fold == fold]
        for fold in ("train", "heldout")
    )
    log, adapters = imitate(run, policy, train, params, "sft")
    metrics = {
        "first_loss": log.steps[0]["loss"],
        "loss": log.mean("loss", last=10),
        "heldout_loss": mean_surprise(policy, heldout, params.micro_tokens),
        "train_dialogues": len(train),
        "heldout_dialogues": len(heldout),
        "tokens": log.tokens,
    }
    return StageOutput(metrics, save_policy(run, policy, encoder, adapters, metrics))


def _lesson(encoder: Encoder, name: str, row: DialogueRow) -> Lesson:
    reply = RankedCompletion(row.messages[-1]["content"])
    return Lesson(encoder.group(name, row.messages[:-1], [reply]), row.weight)
