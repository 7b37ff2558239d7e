"""Reward: a scalar head on the policy's trunk, trained on rankings by Bradley-Terry with a margin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from peft import PeftModel
from torch import Tensor
from transformers import PreTrainedModel

from training.adapters import add_adapters
from training.agreement import accuracy_metrics, judged, length_metrics
from training.calibration import calibration_metrics
from training.checkpoints import CHECKPOINT_FOLDER, save_checkpoint
from training.combination import Combination
from training.contracts import ContractError
from training.data import Ranking, Rankings, load_rankings
from training.engine import Log, Loop
from training.ensemble import (
    Members,
    adapter_name,
    add_member,
    draws,
    head_weight,
    member_seed,
    resampled,
    set_heads,
)
from training.models import encoder_for, new_head, new_reward_model
from training.params import RewardParams, parse_params
from training.prequential import prequential_metrics, write_trained_on
from training.rewarding import reward_objective
from training.run import Run, StageOutput


def run(run: Run) -> StageOutput:
    """Train on the train fold of every rankings file; then normalise, and calibrate and measure held out."""
    job = run.job
    params = parse_params(RewardParams, job.params)
    _check_members(params, adapters=job.lora is not None)
    model = new_reward_model(job.policy, job, job.seed)
    encoder = encoder_for(model, job.policy)
    rankings = load_rankings(job.rankings, encoder, params)
    everything = rankings.train + rankings.heldout
    metrics: dict[str, Any] = {}
    if job.previous_reward_model:
        metrics["prequential"] = prequential_metrics(run, encoder, everything, params.micro_tokens)

    train = _train_heads if job.lora is None else _train_adapters
    log, adapters = train(run, model, rankings.train, params)
    metrics["loss"] = log.mean("loss", last=10)

    several = params.members > 1
    members = Members(model, adapters if several else None)
    raw = members.scores([ranking.group for ranking in everything], params.micro_tokens)
    combination = Combination.fitted(torch.cat(raw), params.combine, params.penalty)
    metrics |= _measure(rankings, raw, combination)
    folder = run.output / CHECKPOINT_FOLDER
    save_checkpoint(
        folder, model=model, tokenizer=encoder.tokenizer, job=job, kind="reward",
        adapters=adapters, merge=not several,
        extra={**combination.to_meta(), "temperature": metrics["temperature"], "metrics": metrics},
    )  # fmt: skip
    write_trained_on(folder, rankings.train)
    return StageOutput(metrics, {"checkpoint": CHECKPOINT_FOLDER})


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


def _check_members(params: RewardParams, *, adapters: bool) -> None:
    if params.members < 1:
        raise ContractError("The param members is 0; a reward model has at least 1.")
    if params.members > 1 and not (adapters or params.resample):
        raise ContractError(
            "Without job.lora the members are heads on one trunk, which differ by what they learn from: "
            "resample must be true."
        )


def _train_heads(
    run: Run, model: PreTrainedModel, items: Sequence[Ranking], params: RewardParams
) -> tuple[Log, None]:
    """Every weight: one trunk, and a head a member, each of which counts a ranking as often as it drew it."""
    seed, several = run.job.seed, params.members > 1
    if several:
        set_heads(
            model, [new_head(model.config.hidden_size, member_seed(seed, e)) for e in range(params.members)]
        )
    drawn = [draws(len(items), member_seed(seed, e)) for e in range(params.members)]
    counts = {id(item): torch.stack([own[n] for own in drawn]) for n, item in enumerate(items)}
    objective = reward_objective(model, params, counts if several else {})
    loop = Loop(
        model, items, objective, params, learning_rate=params.rate(lora=False), seed=seed, work=run.work,
        autocast=run.job.precision == "bfloat16",
    )  # fmt: skip
    return loop.run(run.reporter, run.stop, "reward"), None


def _train_adapters(
    run: Run, model: PreTrainedModel, items: Sequence[Ranking], params: RewardParams
) -> tuple[Log, PeftModel]:
    """One member after another on the same base: its adapter, its head, its draw of the items, its order."""
    job, several = run.job, params.members > 1
    assert job.lora
    adapters = add_adapters(model, job.lora, job.seed)
    heads: list[Tensor] = []
    log = Log()
    for member in range(params.members):
        seed, work = member_seed(job.seed, member), run.work
        if several:
            work = run.work / f"state-member-{member}"
            work.mkdir(exist_ok=True)
        if member:
            add_member(adapters, adapter_name(member), seed)
            set_heads(model, [new_head(model.config.hidden_size, seed)])
        own = resampled(items, seed) if several and params.resample else items
        loop = Loop(
            model, own, reward_objective(model, params, {}), params, learning_rate=params.rate(lora=True),
            seed=seed, work=work, autocast=job.precision == "bfloat16",
        )  # fmt: skip
        log = loop.run(run.reporter, run.stop, "reward", part=member, parts=params.members)
        heads.append(head_weight(model))
    if several:
        set_heads(model, heads)
    return log, adapters


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
