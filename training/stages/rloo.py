"""RLOO: no critic; a reply is worth what it scores, KL included, above the mean of its siblings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from training.advantages import clipped_policy_loss, leave_one_out, whiten
from training.cast import Cast, load_cast
from training.contracts import ContractError
from training.engine import Loop, Objective, Summed
from training.experience import Experience, Rollout, joined
from training.imitation import Lesson
from training.on_policy import Credit, Iterations, check_job, departure, learn, lessons_loss, loop_over
from training.params import RlooParams, parse_params
from training.run import Run, StageOutput


def run(run: Run) -> StageOutput:
    """Train ``job.policy`` on its own replies to ``job.prompts``, ``job.k`` to each."""
    return learn(run, *prepare(run))


def prepare(run: Run) -> tuple[Cast, Loop[Experience | Lesson]]:
    """Load the models and the prompts; raises :class:`ContractError` where the job cannot be done."""
    params = parse_params(RlooParams, run.job.params)
    check_job(run.job, params)
    if run.job.k < 2:
        raise ContractError("rloo compares a reply with its siblings, so k must be at least 2.")
    cast = load_cast(run.job, critic=False)
    batches = Iterations(run, cast, params, credit(params), lambda item: len(item.group.completions))
    temperature = run.job.sampling.temperatures[0]
    return cast, loop_over(run, cast, batches, objective(cast, params, temperature, batches.moved), params)


def credit(params: RlooParams) -> Credit:
    """``R_i - mean of the siblings' R``, with ``R`` the score less the price of the KL of the whole reply."""

    def work_out(rollout: Rollout, beta: float) -> tuple[dict[str, Tensor], dict[str, float]]:
        rewards = rollout.scores - beta * rollout.kl()
        advantages = leave_one_out(rewards.view(len(rollout.groups), -1)).flatten()
        if params.whiten_advantages:
            advantages = whiten(advantages, torch.ones_like(advantages))
        return {"advantages": advantages.repeat_interleave(torch.tensor(rollout.lengths))}, {}

    return work_out


def objective(
    cast: Cast, params: RlooParams, temperature: float, moved: Callable[[float, int], None]
) -> Objective[Experience | Lesson]:
    """The clipped loss with one ratio a reply, a mean over replies, and the pretraining mix."""

    def loss(batch: Sequence[Experience | Lesson]) -> Summed:
        mix = lessons_loss(cast, batch)
        items = [item for item in batch if isinstance(item, Experience)]
        if not items:
            return Summed(mix, {"mix_loss": mix.item()})
        new = cast.policy.logprobs([item.group for item in items], temperature)
        old = joined(items, "logprobs", new.flat.device)
        advantages = joined(items, "advantages", new.flat.device)
        first = torch.tensor([0, *new.lengths[:-1]], device=old.device).cumsum(dim=0)
        replies = len(new.lengths)
        ours, theirs = new.sums(), new._replace(flat=old).sums()
        policy_loss = replies * clipped_policy_loss(
            ours, theirs, advantages[first], torch.ones_like(ours), params.clip
        )
        moved(departure(new.flat, old).sum().item(), len(old))
        clipped = ((ours - theirs).exp() - 1).abs().gt(params.clip).sum().item()
        metrics = {"policy_loss": policy_loss.item(), "mix_loss": mix.item(), "clipped": clipped}
        return Summed(policy_loss + mix, metrics)

    return Objective(
        loss, lambda item: float(len(item.group.completions)) if isinstance(item, Experience) else 0.0
    )
