"""The policy that a round started from, as the anchor of a stage: log-probabilities taken once."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import PreTrainedModel

from training.contracts import JobSpec
from training.logprobs import sums_in_batches
from training.models import check_same_vocabulary, load_policy
from training.run import Run
from training.segments import Group


def is_autocast(job: JobSpec) -> bool:
    """Whether a policy is trained in float32 weights under bfloat16 arithmetic."""
    return job.lora is None and job.precision == "bfloat16"


def is_reference(job: JobSpec) -> bool:
    """Whether the policy starts as its own reference, and its first loss is therefore known."""
    return job.reference in ("", job.policy)


def precision_of(job: JobSpec, model: PreTrainedModel) -> torch.autocast:
    """The arithmetic that the policy is trained in; whatever is compared with it must use the same."""
    return torch.autocast(model.device.type, torch.bfloat16, enabled=is_autocast(job))


def reference_logprobs(
    run: Run, policy: PreTrainedModel, groups: Sequence[Group], micro_tokens: int
) -> list[Tensor]:
    """Log-probabilities of the completions of each group under ``job.reference``, ``[K]`` a group, in nats.

    Taken before the policy is trained, so that where the two are one model it need not be loaded twice.
    """
    job = run.job
    model = policy if is_reference(job) else load_policy(job.reference, job, "reference")
    check_same_vocabulary(policy, model, "reference")
    run.reporter.start("reference", total=len(groups), unit="ranking")
    values: list[Tensor] = []
    with precision_of(job, model):
        for batch in sums_in_batches(model, groups, micro_tokens):
            run.stop.check()
            values += batch
            run.reporter.update(len(values))
    return values
