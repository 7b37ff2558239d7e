"""PPO: the policy learns token by token from the reward model's score less the price of KL."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from training.advantages import (
    clipped_policy_loss,
    clipped_value_loss,
    generalised_advantages,
    penalised_rewards,
    whiten,
)
from training.cast import Cast, Headed, load_cast
from training.contracts import ContractError
from training.engine import Loop, Objective, Summed
from training.experience import Experience, Rollout, joined
from training.imitation import Lesson
from training.on_policy import (
    Credit,
    Iterations,
    as_trained,
    check_job,
    departure,
    learn,
    lessons_loss,
    loop_over,
)
from training.params import PpoParams, parse_params
from training.run import Run, StageOutput


def run(run: Run) -> StageOutput:
    """Train ``job.policy`` on its own replies to ``job.prompts``, ``job.k`` to each."""
    return learn(run, *prepare(run))


def prepare(run: Run) -> tuple[Cast, Loop[Experience | Lesson]]:
    """Load the models and the prompts; raises :class:`ContractError` where the job cannot be done."""
    params = parse_params(PpoParams, run.job.params)
    check_job(run.job, params)
    cast = load_cast(run.job, critic=True)
    assert cast.critic is not None
    if params.gradient_checkpointing and cast.critic.role.model is cast.policy.model:
        raise ContractError(
            "gradient_checkpointing is not for ppo where policy and critic are adapters on one base: what is "
            "run again would run under the wrong one."
        )
    batches = Iterations(run, cast, params, credit(cast.critic, params), lambda item: item.reply_tokens)
    temperature = run.job.sampling.temperatures[0]
    return cast, loop_over(
        run, cast, batches, objective(cast, cast.critic, params, temperature, batches.moved), params
    )


def credit(critic: Headed, params: PpoParams) -> Credit:
    """Generalised advantages under the critic's values, and the returns that the critic is to learn."""

    def work_out(rollout: Rollout, beta: float) -> tuple[dict[str, Tensor], dict[str, float]]:
        flat = torch.cat([critic.values(batch).cpu() for batch in as_trained(rollout.groups, params)])
        mask, values = rollout.mask, rollout.padded(flat)
        logprobs, reference = rollout.padded(rollout.logprobs), rollout.padded(rollout.reference)
        rewards = penalised_rewards(rollout.scores, logprobs, reference, mask, beta)
        advantages, returns = generalised_advantages(
            rewards, values, mask, gamma=params.gamma, lam=params.lam
        )
        if params.whiten_advantages:
            advantages = whiten(advantages, mask)
        columns = {"values": flat, "advantages": rollout.flat(advantages), "returns": rollout.flat(returns)}
        unexplained = (columns["returns"] - flat).var(correction=0)
        spread = columns["returns"].var(correction=0).clamp(min=1e-8)
        return columns, {"explained_variance": (1 - unexplained / spread).item()}

    return work_out


def objective(
    cast: Cast, critic: Headed, params: PpoParams, temperature: float, moved: Callable[[float, int], None]
) -> Objective[Experience | Lesson]:
    """The clipped losses of policy and critic, means over reply tokens, and the pretraining mix."""

    def loss(batch: Sequence[Experience | Lesson]) -> Summed:
        mix = lessons_loss(cast, batch)
        items = [item for item in batch if isinstance(item, Experience)]
        if not items:
            return Summed(mix, {"mix_loss": mix.item()})
        groups = [item.group for item in items]
        new = cast.policy.logprobs(groups, temperature).flat
        old, advantages, before, returns = (
            joined(items, name, new.device) for name in ("logprobs", "advantages", "values", "returns")
        )
        mask, count = torch.ones_like(new), len(new)
        policy_loss = count * clipped_policy_loss(new, old, advantages, mask, params.clip)
        values = critic.values(groups)
        value_loss = count * clipped_value_loss(values, before, returns, mask, params.value_clip)
        far = departure(new, old).sum().item()
        moved(far, count)
        return Summed(
            policy_loss + params.value_weight * value_loss + mix,
            {
                "policy_loss": policy_loss.item(),
                "value_loss": value_loss.item(),
                "mix_loss": mix.item(),
                "clipped": ((new - old).exp() - 1).abs().gt(params.clip).sum().item(),
                "moved": far,
            },
        )

    return Objective(loss, lambda item: item.reply_tokens if isinstance(item, Experience) else 0.0)
