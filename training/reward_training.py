"""Fitting a scalar head on a policy's trunk to rankings, as the reward and the safety stage do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from peft import PeftModel
from torch import Tensor
from transformers import PreTrainedModel

from training.adapters import add_adapters
from training.checkpoints import CHECKPOINT_FOLDER, save_checkpoint
from training.combination import Combination
from training.contracts import ContractError
from training.data import Encoder, Ranking
from training.engine import Log, Loop
from training.ensemble import (
    adapter_name,
    add_member,
    draws,
    head_weight,
    member_seed,
    resampled,
    set_heads,
)
from training.models import new_head
from training.params import RewardParams
from training.prequential import write_trained_on
from training.rewarding import reward_objective
from training.run import Run


def train_members(
    run: Run, model: PreTrainedModel, items: Sequence[Ranking], params: RewardParams
) -> tuple[Log, PeftModel | None]:
    """Train every member on ``items``; the adapters, where the job asks for them, wrap ``model``."""
    train = _train_heads if run.job.lora is None else _train_adapters
    return train(run, model, items, params)


def save_scorer(
    run: Run,
    model: PreTrainedModel,
    encoder: Encoder,
    adapters: PeftModel | None,
    combination: Combination,
    learnt: Sequence[Ranking],
    metrics: dict[str, Any],
) -> dict[str, str]:
    """Write the checkpoint that ``scoring.RewardModel`` loads; returns the stage's files.

    ``metrics`` holds its ``temperature``.
    """
    folder = run.output / CHECKPOINT_FOLDER
    save_checkpoint(
        folder, model=model, tokenizer=encoder.tokenizer, job=run.job, kind=run.job.stage,
        adapters=adapters, merge=len(combination.members) == 1,
        extra={**combination.to_meta(), "temperature": metrics["temperature"], "metrics": metrics},
    )  # fmt: skip
    write_trained_on(folder, learnt)
    return {"checkpoint": CHECKPOINT_FOLDER}


def check_members(params: RewardParams, *, adapters: bool) -> None:
    """Raise :class:`ContractError` for a number of members that cannot be, or that would be all alike."""
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
    return loop.run(run.reporter, run.stop, run.job.stage), None


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
        log = loop.run(run.reporter, run.stop, job.stage, part=member, parts=params.members)
        heads.append(head_weight(model))
    if several:
        set_heads(model, heads)
    return log, adapters
