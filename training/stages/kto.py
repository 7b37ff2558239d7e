"""KTO: the policy learns from replies that are good or bad by themselves, held to where the round started."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import PreTrainedModel

from training.adapters import add_adapters
from training.batches import Shuffled
from training.engine import Loop, Objective, Summed
from training.imitation import save_policy
from training.logprobs import completion_logprobs, sums_in_batches
from training.losses import kto
from training.models import encoder_for, load_policy
from training.onesided import Labelled, balanced_weights, load_labelled
from training.params import KtoParams, parse_params
from training.reference import is_autocast, is_reference, precision_of, reference_logprobs
from training.run import Run, StageOutput


def run(run: Run) -> StageOutput:
    """Train ``job.policy``; with ``job.lora`` by adapters, merged at the end, else all of its weights."""
    job = run.job
    params = parse_params(KtoParams, job.params)
    policy = load_policy(job.policy, job, train=job.lora is None)
    encoder = encoder_for(policy, job.policy)
    train, heldout = load_labelled(job.rankings, encoder, params)
    both = [item.group for item in train + heldout] + [item.mismatched for item in train]
    before = reference_logprobs(run, policy, both, params.micro_tokens)
    count = len(train) + len(heldout)
    reference = {id(item): own for item, own in zip(train + heldout, before[:count], strict=True)}
    mismatched = {id(item): own for item, own in zip(train, before[count:], strict=True)}
    adapters = add_adapters(policy, job.lora, job.seed) if job.lora else None

    batches = _WithZeroPoint(run, policy, train, mismatched, params)
    weights = balanced_weights(train, params)
    objective = _objective(policy, reference, batches, weights, params, starts_at_reference=is_reference(job))
    loop = Loop(
        policy, batches, objective, params,
        learning_rate=params.rate(lora=bool(job.lora)), seed=job.seed, work=run.work,
        autocast=is_autocast(job),
    )  # fmt: skip
    log = loop.run(run.reporter, run.stop, "kto")

    metrics = {
        **{name: log.mean(name, last=10) for name in _LOGGED},
        "first_loss": log.steps[0]["loss"],
        "heldout_accuracy": _accuracy(policy, heldout, reference, batches.zero, params.micro_tokens),
        "desirable": sum(sum(item.desirable) for item in train),
        "undesirable": sum(len(item.desirable) - sum(item.desirable) for item in train),
        "desirable_weight": weights[0],
        "undesirable_weight": weights[1],
        "tokens": log.tokens,
    }
    return StageOutput(metrics, save_policy(run, policy, encoder, adapters, metrics))


_LOGGED = ("loss", "accuracy", "kl", "zero")


class _WithZeroPoint(Shuffled[Labelled]):
    """Shuffled batches; before each, the KL of the policy on mismatched prompts and replies is measured."""

    def __init__(
        self,
        run: Run,
        policy: PreTrainedModel,
        items: Sequence[Labelled],
        reference: dict[int, Tensor],
        params: KtoParams,
    ) -> None:
        super().__init__(items, params, run.job.seed)
        self._job, self._policy, self._reference = run.job, policy, reference
        self._micro_tokens = params.micro_tokens
        self.zero = torch.zeros(())

    def at(self, step: int) -> list[Labelled]:
        """The batch of the step; its zero point is in ``zero``."""
        batch = super().at(step)
        self._policy.eval()
        with precision_of(self._job, self._policy):
            groups = [item.mismatched for item in batch]
            own = [one for some in sums_in_batches(self._policy, groups, self._micro_tokens) for one in some]
        self._policy.train()
        ratios = [now - self._reference[id(item)] for now, item in zip(own, batch, strict=True)]
        self.zero = torch.cat(ratios).mean().clamp(min=0)
        return batch

    def figures(self) -> dict[str, float]:
        """The zero point, in nats."""
        return {"zero": self.zero.item()}


def _objective(
    policy: PreTrainedModel,
    reference: dict[int, Tensor],
    batches: _WithZeroPoint,
    weights: tuple[float, float],
    params: KtoParams,
    *,
    starts_at_reference: bool,
) -> Objective[Labelled]:
    """Each reply as one element; an untrained policy pays half of its weight for each."""

    def loss(batch: Sequence[Labelled]) -> Summed:
        own = completion_logprobs(policy, [item.group for item in batch]).sums()
        before = torch.cat([reference[id(item)] for item in batch]).to(own.device)
        desirable = torch.tensor([label for item in batch for label in item.desirable], device=own.device)
        shares = torch.tensor([item.weight for item in batch for _ in item.desirable], device=own.device)
        zero = batches.zero.to(own.device)
        paid = shares * kto(own - before, desirable, zero, params.beta, weights)
        right = ((own - before) > zero) == desirable
        at_start = (shares * torch.where(desirable, weights[0], weights[1])).sum().item() / 2
        metrics = {
            "accuracy": (shares * right).sum().item(),
            "kl": (shares * (before - own)).sum().item(),
        }
        return Summed(paid.sum(), metrics, at_start if starts_at_reference else math.nan)

    return Objective(loss, lambda item: item.share)


def _accuracy(
    policy: PreTrainedModel,
    items: Sequence[Labelled],
    reference: dict[int, Tensor],
    zero: Tensor,
    micro_tokens: int,
) -> float | None:
    """How many replies are on their side of the zero point; None where there is no reply."""
    groups = [item.group for item in items]
    after = [own for batch in sums_in_batches(policy, groups, micro_tokens) for own in batch]
    right = [
        (ratio > zero.item()) == label
        for own, item in zip(after, items, strict=True)
        for ratio, label in zip((own - reference[id(item)]).tolist(), item.desirable, strict=True)
    ]
    return sum(right) / len(right) if right else None
