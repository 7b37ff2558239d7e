"""Reward: a scalar head on the policy's trunk, trained on rankings by Bradley-Terry with a margin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import PreTrainedModel

from training.adapters import add_adapters
from training.checkpoints import CHECKPOINT_FOLDER, save_checkpoint
from training.data import Ranking, load_rankings
from training.engine import Loop, Objective, Summed
from training.logprobs import completion_rewards, in_batches
from training.losses import pair_differences
from training.models import encoder_for, new_reward_model
from training.params import RewardParams, parse_params
from training.preference import reward_loss
from training.run import Run, StageOutput
from training.scoring import accuracy_metrics


def run(run: Run) -> StageOutput:
    """Train on the train fold of every rankings file, then normalise and measure on the held-out fold."""
    job = run.job
    params = parse_params(RewardParams, job.params)
    model = new_reward_model(job.policy, job, job.seed)
    encoder = encoder_for(model, job.policy)
    rankings = load_rankings(job.rankings, encoder, params)
    adapters = add_adapters(model, job.lora, job.seed) if job.lora else None

    loop = Loop(
        model, rankings.train, _objective(model, params), params,
        learning_rate=params.rate(lora=bool(job.lora)), seed=job.seed, work=run.work,
        autocast=job.precision == "bfloat16",
    )  # fmt: skip
    log = loop.run(run.reporter, run.stop, "reward")

    everything = rankings.train + rankings.heldout
    groups = [ranking.group for ranking in everything]
    scores = [own for batch in in_batches("rewards", model, groups, params.micro_tokens) for own in batch]
    every_score = torch.cat(scores)
    normalisation = {
        "reward_mean": every_score.mean().item(),
        "reward_std": max(every_score.std(correction=0).item(), 1e-6),
    }
    count = len(rankings.train)
    train = accuracy_metrics(rankings.train, scores[:count])
    heldout = accuracy_metrics(rankings.heldout, scores[count:])
    metrics: dict[str, Any] = {
        "loss": log.mean("loss", last=10),
        "train_accuracy": train["accuracy"],
        "heldout_accuracy": heldout["accuracy"],
        "heldout_pairs": heldout["pairs"],
        "heldout_accuracy_by_margin": heldout["by_margin"],
        "train_rankings": count,
        "heldout_rankings": len(rankings.heldout),
        **normalisation,
    }
    save_checkpoint(
        run.output / CHECKPOINT_FOLDER, model=model, tokenizer=encoder.tokenizer, job=job, kind="reward",
        adapters=adapters, extra={**normalisation, "metrics": metrics},
    )  # fmt: skip
    return StageOutput(metrics, {"checkpoint": CHECKPOINT_FOLDER})


def _objective(model: PreTrainedModel, params: RewardParams) -> Objective[Ranking]:
    """All pairs of a ranking as one element."""

    def loss(batch: Sequence[Ranking]) -> Summed:
        scores = completion_rewards(model, [ranking.group for ranking in batch])
        total, right = scores.new_zeros(()), 0.0
        sizes = [len(ranking.group.completions) for ranking in batch]
        for ranking, own in zip(batch, scores.split(sizes), strict=True):
            share = ranking.share(params.reduction)
            total = total + share * reward_loss(own, ranking.pairs, params)
            right += share * (pair_differences(own, ranking.pairs) > 0).float().mean().item()
        return Summed(total, {"accuracy": right})

    return Objective(loss, lambda ranking: ranking.share(params.reduction))
