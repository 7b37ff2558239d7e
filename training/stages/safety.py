"""Safety: a second reward model, of whether replies are safe, from what annotators said of each.

Touvron et al. 2023, "Llama 2", sections 3.2.1 to 3.2.3, and its ablation of the auxiliary safety loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from training.agreement import accuracy_by_bin, accuracy_metrics
from training.calling import Line, call_metrics, called, fit_line
from training.combination import Combination
from training.ensemble import Members
from training.models import encoder_for, new_reward_model
from training.params import SafetyParams, parse_params
from training.prequential import prequential_metrics
from training.reward_training import check_members, save_scorer, train_members
from training.run import Run, StageOutput
from training.safety_rankings import SafetyRankings, choose, read_rows, why_not


def run(run: Run) -> StageOutput:
    """Train on pairs and labels; then have the score's logistic be the chance of being safe, and measure.

    Where nothing was called safe, or nothing unsafe, nothing is trained: the result says why it was
    ``skipped``, and has no checkpoint.
    """
    job = run.job
    params = parse_params(SafetyParams, job.params)
    check_members(params, adapters=job.lora is not None)
    rows = read_rows(job.rankings)
    if why := why_not(rows):
        run.reporter.say(why)
        return StageOutput({"skipped": why}, {})
    model = new_reward_model(job.policy, job, job.seed)
    encoder = encoder_for(model, job.policy)
    rankings = choose(rows, encoder, params, job.seed)
    everything = rankings.train + rankings.heldout
    metrics: dict[str, Any] = {}
    if job.previous_reward_model:
        metrics["prequential"] = prequential_metrics(run, encoder, everything, params.micro_tokens)

    log, adapters = train_members(run, model, rankings.train, params)
    metrics["loss"] = log.mean("loss", last=10)

    members = Members(model, adapters if params.members > 1 else None)
    raw = members.scores([ranking.group for ranking in everything], params.micro_tokens)
    combination = Combination.fitted(torch.cat(raw), params.combine, params.penalty)
    scores = [combination.combine(own) for own in raw]
    start = Line(combination.unit, combination.centre)
    labels = called(rankings.heldout, scores[len(rankings.train) :])
    line = fit_line(labels, start)
    combination = combination.shifted(line.shift / line.slope)
    metrics |= {
        "temperature": 1 / line.slope,
        **_measure(rankings, scores),
        "labels": call_metrics(labels, start),
    }
    return StageOutput(
        metrics, save_scorer(run, model, encoder, adapters, combination, rankings.train, metrics)
    )


def _measure(rankings: SafetyRankings, scores: Sequence[Tensor]) -> dict[str, Any]:
    """How often pairs are ranked as people did; ``scores`` are those of the train fold, then the held-out."""
    count = len(rankings.train)
    heldout = accuracy_metrics(rankings.heldout, scores[count:])
    said = [safe for ranking in rankings.train for safe in ranking.safe]
    return {
        "train_accuracy": accuracy_metrics(rankings.train, scores[:count])["accuracy"],
        "heldout_accuracy": heldout["accuracy"],
        "heldout_pairs": heldout["pairs"],
        "heldout_accuracy_by_margin": heldout["by_margin"],
        "heldout_accuracy_by_round": heldout["by_round"],
        "heldout_accuracy_by_bin": accuracy_by_bin(rankings.heldout, scores[count:]),
        "train_rankings": count,
        "helpful_rankings": rankings.helpful,
        "heldout_rankings": len(rankings.heldout),
        "safe_replies": said.count(True),
        "unsafe_replies": said.count(False),
    }
