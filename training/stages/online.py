"""Online DPO: the policy learns from its own fresh replies, as the reward model ranks them.

Before each step or few, the policy of that moment draws K replies to some prompts; the best and the worst by
the reward model make a pair, and the step is one of DPO, held to the policy that the round started from. The
labels follow the policy where it goes, which those of a file do not (Guo et al. 2024, "Direct language model
alignment from online AI feedback"; the "silver" labels of D2PO, Singhal et al. 2024). With ``refresh_every``
the reward model learns beside it from new rankings in ``job.rankings``, as the discriminator of D2PO does.
"""

from __future__ import annotations

from pathlib import Path

import torch

from training.adapters import add_adapters
from training.contracts import ContractError, read_prompts
from training.direct import direct_objective
from training.draws import Drawn, Draws
from training.engine import Loop, Objective
from training.imitation import save_policy
from training.models import encoder_for, load_policy
from training.params import OnlineParams, parse_params
from training.reference import is_autocast, is_reference
from training.refresh import Refresh
from training.run import Run, StageOutput
from training.scoring import Scorer


def run(run: Run) -> StageOutput:
    """Train ``job.policy``; with ``job.lora`` by adapters, merged at the end, else all of its weights."""
    job = run.job
    params = parse_params(OnlineParams, job.params)
    if params.k < 2:
        raise ContractError(f"The param k is {params.k}; a pair needs at least 2 replies to a prompt.")
    if params.batch_prompts < 1 or params.steps_per_draw < 1:
        raise ContractError("The params batch_prompts and steps_per_draw must be at least 1.")
    prompts = read_prompts(Path(job.prompts))
    if not prompts:
        raise ContractError(f"The prompts file {job.prompts} holds no prompt.")
    policy = load_policy(job.policy, job, train=job.lora is None)
    encoder = encoder_for(policy, job.policy)
    adapters = add_adapters(policy, job.lora, job.seed) if job.lora else None
    scorer = Scorer(job.reward_model, job)
    scorer.check_tokens(encoder, f"the policy {job.policy}")
    shared = adapters is not None and is_reference(job)
    reference = policy if shared else load_policy(job.reference or job.policy, job, "reference")

    objective: Objective[Drawn] = direct_objective(
        policy, lambda item: torch.tensor(item.before), params, starts_at_reference=is_reference(job)
    )
    refresh = Refresh(run, scorer.helpful, params) if params.refresh_every else None
    loop = Loop(
        policy, Draws(run, policy, reference, scorer, encoder, prompts, params, refresh), objective, params,
        learning_rate=params.rate(lora=bool(job.lora)), seed=job.seed, work=run.work,
        autocast=is_autocast(job),
    )  # fmt: skip
    log = loop.run(run.reporter, run.stop, "online")

    metrics = {
        **{name: log.mean(name, last=10) for name in _LOGGED},
        "first_loss": log.steps[0]["loss"],
        "first_reward": log.steps[0]["reward"],
        "steps": len(log.steps),
        "gold_rankings": sum(refresh.taken) if refresh else 0,
        "tokens": log.tokens,
    }
    return StageOutput(metrics, save_policy(run, policy, encoder, adapters, metrics))


_LOGGED = ("loss", "accuracy", "margin", "surprise", "reward", "kl", "length")
