"""Reward: a scalar head on the policy's trunk, trained on rankings by Bradley-Terry with a margin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from training.agreement import accuracy_metrics, judged, length_metrics
from training.calibration import calibration_metrics
from training.combination import Combination
from training.data import Ranking, Rankings, load_rankings
from training.ensemble import Members
from training.models import encoder_for, new_reward_model
from training.params import RewardParams, parse_params
from training.prequential import prequential_metrics
from training.reward_training import check_members, save_scorer, train_members
from training.run import Run, StageOutput


def run(run: Run) -> StageOutput:
    """Train on the train fold of every rankings file; then normalise, and calibrate and measure held out."""
    job = run.job
    params = parse_params(RewardParams, job.params)
    check_members(params, adapters=job.lora is not None)
    model = new_reward_model(job.policy, job, job.seed)
    encoder = encoder_for(model, job.policy)
    rankings = load_rankings(job.rankings, encoder, params)
    everything = rankings.train + rankings.heldout
    metrics: dict[str, Any] = {}
    if job.previous_reward_model:
        metrics["prequential"] = prequential_metrics(run, encoder, everything, params.micro_tokens)

    log, adapters = train_members(run, model, rankings.train, params)
    metrics["loss"] = log.mean("loss", last=10)

    members = Members(model, adapters if params.members > 1 else None)
    raw = members.scores([ranking.group for ranking in everything], params.micro_tokens)
    combination = Combination.fitted(torch.cat(raw), params.combine, params.penalty)
    metrics |= _measure(rankings, raw, combination)
    files = save_scorer(run, model, encoder, adapters, combination, rankings.train, metrics)
    return StageOutput(metrics, files)


def _measure(rankings: Rankings, raw: Sequence[Tensor], combination: Combination) -> dict[str, Any]:
    """What is said of the trained model; ``raw`` has the scores of the train fold, then the held-out one."""
    scores = [combination.combine(own) for own in raw]
    count = len(rankings.train)
    heldout = accuracy_metrics(rankings.heldout, scores[count:])
    calibration = calibration_metrics(judged(rankings.heldout, scores[count:]), start=1 / combination.unit)
    everything = rankings.train + rankings.heldout
    by_people = [n for n, own in enumerate(everything) if own.source == "human"]
    metrics = {
        "train_accuracy": accuracy_metrics(rankings.train, scores[:count])["accuracy"],
        "heldout_accuracy": heldout["accuracy"],
        "heldout_pairs": heldout["pairs"],
        "heldout_accuracy_by_margin": heldout["by_margin"],
        "heldout_accuracy_by_round": heldout["by_round"],
        "train_rankings": count,
        "heldout_rankings": len(rankings.heldout),
        "reward_mean": combination.overall.mean,
        "reward_std": combination.overall.deviation,
        "temperature": calibration.pop("temperature"),
        "calibration": calibration,
        "length": length_metrics([everything[n] for n in by_people], [scores[n] for n in by_people]),
    }
    if len(combination.members) > 1:
        metrics["members"] = _member_metrics(combination, rankings.heldout, raw[count:])
    return metrics


def _member_metrics(
    combination: Combination, rankings: Sequence[Ranking], raw: Sequence[Tensor]
) -> dict[str, Any]:
    """Each member's accuracy alone, and the mean variance over members of a normalised score."""
    normalised = [combination.normalised(own) for own in raw]
    return {
        "accuracy": [
            accuracy_metrics(rankings, [own[:, member] for own in normalised])["accuracy"]
            for member in range(len(combination.members))
        ],
        "variance": torch.cat(normalised).var(dim=1, correction=0).mean().item() if normalised else None,
    }
