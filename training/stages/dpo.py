"""DPO: the policy learns from every pair of each ranking, held to the policy that the round started from."""

from __future__ import annotations

from training.adapters import add_adapters
from training.agreement import accuracy_metrics
from training.data import Ranking, load_rankings
from training.direct import direct_objective
from training.engine import Loop, Objective
from training.imitation import save_policy
from training.logprobs import sums_in_batches
from training.models import encoder_for, load_policy
from training.params import DpoParams, parse_params
from training.reference import is_autocast, is_reference, reference_logprobs
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

    objective: Objective[Ranking] = direct_objective(
        policy, lambda ranking: reference[id(ranking)], params, starts_at_reference=is_reference(job)
    )
    loop = Loop(
        policy, rankings.train, objective, params,
        learning_rate=params.rate(lora=bool(job.lora)), seed=job.seed, work=run.work,
        autocast=is_autocast(job),
    )  # fmt: skip
    log = loop.run(run.reporter, run.stop, "dpo")

    heldout = [ranking.group for ranking in rankings.heldout]
    after = [own for batch in sums_in_batches(policy, heldout, params.micro_tokens) for own in batch]
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
    return StageOutput(metrics, save_policy(run, policy, encoder, adapters, metrics))
