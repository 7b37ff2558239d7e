"""SFT: the policy learns replies as they stand, so that a base model can be brought in."""

from __future__ import annotations

from training.imitation import imitate, mean_surprise, read_lessons, save_policy
from training.models import encoder_for, load_policy
from training.params import SftParams, parse_params
from training.run import Run, StageOutput


def run(run: Run) -> StageOutput:
    """Train on the last turn of every dialogue of ``job.dialogues``; its loss alone, not its prompt's."""
    job = run.job
    params = parse_params(SftParams, job.params)
    policy = load_policy(job.policy, job, train=job.lora is None)
    encoder = encoder_for(policy, job.policy)
    train, heldout = (read_lessons(job.dialogues, encoder, fold) for fold in ("train", "heldout"))
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
