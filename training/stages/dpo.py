"""DPO: the policy learns from every pair of each ranking, held to the policy that the round started from."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import PreTrainedModel

from training.adapters import add_adapters
from training.agreement import accuracy_metrics
from training.checkpoints import CHECKPOINT_FOLDER, save_checkpoint
from training.data import Ranking, load_rankings
from training.engine import Loop, Objective, Summed
from training.logprobs import completion_logprobs, in_batches
from training.models import encoder_for, load_policy
from training.params import DpoParams, parse_params
from training.preference import ranking_loss
from training.reference import is_autocast, reference_logprobs
from training.run import Run, StageOutput
from training.silver import silver_rankings


def run(run: Run) -> StageOutput:
    """Train ``job.policy``; with ``job.lora`` by adapters, merged at the end, else all of its weights."""
    job = run.job
    params = parse_params(DpoParams, job.params)
    policy = load_policy(job.policy, job, train=job.lora is None)
    encoder = encoder_for(policy, job.policy)
    files = list(job.rankings)
    if job.reward_model and job.prompts and params.silver_weight > 0:
        files.append(str(silver_rankings(run, policy, encoder, params)))
    rankings = load_rankings(files, encoder, params)
    everything = rankings.train + rankings.heldout
    before = reference_logprobs(run, policy, [item.group for item in everything], params.micro_tokens)
    reference = {id(ranking): own for ranking, own in zip(everything, before, strict=True)}
    adapters = add_adapters(policy, job.lora, job.seed) if job.lora else None

    loop = Loop(
        policy, rankings.train, _objective(policy, reference, params), params,
        learning_rate=params.rate(lora=bool(job.lora)), seed=job.seed, work=run.work,
        autocast=is_autocast(job),
    )  # fmt: skip
    log = loop.run(run.reporter, run.stop, "dpo")

    heldout = [ranking.group for ranking in rankings.heldout]
    after = [own for batch in in_batches("logprobs", policy, heldout, params.micro_tokens) for own in batch]
    ratios = [own - reference[id(ranking)] for own, ranking in zip(after, rankings.heldout, strict=True)]
    agreed = accuracy_metrics(rankings.heldout, ratios)
    metrics = {
        **{name: log.mean(name, last=10) for name in ("loss", "accuracy", "margin", "surprise", "kl")},
        "first_loss": log.steps[0]["loss"],
        "heldout_accuracy": agreed["accuracy"],
        "heldout_pairs": agreed["pairs"],
        "train_rankings": len(rankings.train),
        "tokens": log.tokens,
    }
    save_checkpoint(
        run.output / CHECKPOINT_FOLDER, model=policy, tokenizer=encoder.tokenizer, job=job, kind="policy",
        adapters=adapters, extra={"metrics": metrics},
    )  # fmt: skip
    return StageOutput(metrics, {"checkpoint": CHECKPOINT_FOLDER})


def _objective(
    policy: PreTrainedModel, reference: dict[int, Tensor], params: DpoParams
) -> Objective[Ranking]:
    """The chosen loss and the anchor: the best reply's negative log-likelihood a token (Llama 3, 4.1.4)."""

    def loss(batch: Sequence[Ranking]) -> Summed:
        logprobs = completion_logprobs(policy, [ranking.group for ranking in batch])
        sizes = [len(ranking.group.completions) for ranking in batch]
        lengths = torch.tensor(logprobs.lengths, device=policy.device).split(sizes)
        total, untrained = logprobs.flat.new_zeros(()), 0.0
        sums = dict.fromkeys(("loss", "accuracy", "margin", "surprise", "kl"), 0.0)
        for ranking, own, length in zip(batch, logprobs.sums().split(sizes), lengths, strict=True):
            before = reference[id(ranking)].to(own.device)
            result = ranking_loss(own, before, length, ranking.pairs, params)
            share = ranking.share(params.reduction)
            surprise = -own[0] / length[0]
            total = total + share * (result.loss + params.anchor * surprise)
            sums["loss"] += share * result.loss.item()
            sums["surprise"] += share * surprise.item()
            untrained += share * (math.nan if result.untrained is None else result.untrained)
            sums["accuracy"] += share * result.accuracy
            sums["margin"] += share * result.margin
            sums["kl"] += share * (before - own).mean().item()
        return Summed(total, sums, untrained)

    return Objective(loss, lambda ranking: ranking.share(params.reduction))
