"""The four models of reinforcement learning on as few trunks as their weights allow.

With LoRA the policy's base, its adapter off, is the reference where that is the policy that the stage
started from. The reward model's trunk carries the critic's adapter; and where the reward model is itself an
adapter on the policy's base, that one base carries all four. Trained whole, policy and critic are models of
their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, cast

import torch
from peft import PeftModel
from safetensors import safe_open
from torch import Tensor, nn
from transformers import PreTrainedModel

from training.adapters import act, add_adapters, is_adapter_on, merged, train_only
from training.checkpoints import ADAPTER_FOLDER
from training.combination import Scale
from training.contracts import ContractError, JobSpec
from training.data import Encoder
from training.forward import hidden_states
from training.logprobs import TokenLogprobs, completion_logprobs
from training.models import check_source, encoder_for, load_policy, load_reward_model, load_tokenizer
from training.scoring import Scorer, read_meta
from training.segments import Group, Row, by_token_budget, lay_out

POLICY, REWARD, CRITIC = "default", "reward", "critic"
"""Names of the adapters; the policy's is peft's own, so that it is saved as any other stage saves its."""


class Judge(Protocol):
    """What scores replies."""

    def rewards(
        self, groups: Sequence[Group], micro_tokens: int, safety_prompts: Sequence[bool] | None = None
    ) -> list[Tensor]:
        """One ``[K]`` tensor a group."""
        ...


@dataclass(frozen=True)
class Role:
    """A model, and the adapter on it that acts (None: the model as it was loaded)."""

    model: PreTrainedModel
    adapter: str | None = None

    def logprobs(self, groups: Sequence[Group], temperature: float) -> TokenLogprobs:
        """Log-probabilities of completion tokens that were drawn at ``temperature``."""
        act(self.model, self.adapter)
        return completion_logprobs(self.model, groups, temperature)

    @contextmanager
    def drawing(self) -> Iterator[PreTrainedModel]:
        """The model made ready for sampling."""
        if self.adapter is None:
            yield self.model
        else:
            with merged(self.model, self.adapter):
                yield self.model


class Headed(nn.Module):
    """A trunk in a role with a scalar head that includes the normalisation of a reward model.

    As the reward model it is read at a completion's last token, as the critic where each token is predicted.
    """

    def __init__(self, role: Role, score: Tensor, scale: Scale) -> None:
        super().__init__()
        self.role = role
        self.head = nn.Linear(score.shape[1], 1, device=role.model.device, dtype=torch.float32)
        with torch.no_grad():
            self.head.weight.copy_(score / scale.deviation)
            self.head.bias.fill_(-scale.mean / scale.deviation)

    def _read(self, row: Row, where: list[int]) -> Tensor:
        index = torch.tensor(where, device=row.ids.device)
        act(self.role.model, self.role.adapter)
        values: Tensor = self.head(hidden_states(self.role.model, row)[index].float())[:, 0]
        return values

    def values(self, groups: Sequence[Group]) -> Tensor:
        """What is to come when each completion token is about to be written, flat ``[sum of lengths]``."""
        row = lay_out(groups, self.head.weight.device)
        return self._read(row, row.predicting())

    @torch.no_grad()
    def rewards(
        self, groups: Sequence[Group], micro_tokens: int, safety_prompts: Sequence[bool] | None = None
    ) -> list[Tensor]:
        """See :class:`Judge`; there is no second model for prompts about safety."""
        found: list[Tensor] = []
        for batch in by_token_budget(groups, lambda group: group.tokens, micro_tokens):
            row = lay_out(batch, self.head.weight.device)
            found += self._read(row, row.last()).cpu().split([len(group.completions) for group in batch])
        return found


@dataclass(frozen=True)
class Cast:
    """Who plays what; ``adapters`` wraps the policy's model; ``critic`` is None where none is asked for."""

    policy: Role
    reference: Role
    judge: Judge
    critic: Headed | None
    encoder: Encoder
    adapters: PeftModel | None

    @property
    def trained(self) -> nn.Module:
        """The modules among whose parameters are all those that are trained."""
        parts: dict[str, nn.Module] = {"policy": self.policy.model}
        if self.critic:
            parts |= {"trunk": self.critic.role.model, "value": self.critic}
        return nn.ModuleDict(parts)

    def without_the_others(self) -> PeftModel | None:
        """The policy's adapters alone, as they are saved."""
        if self.adapters is None:
            return None
        act(self.policy.model, POLICY)
        for name in (REWARD, CRITIC):
            if name in self.adapters.peft_config:
                self.adapters.delete_adapter(name)
        return self.adapters


def load_cast(job: JobSpec, *, critic: bool) -> Cast:
    """Load what the job names; raises :class:`ContractError` where the models do not fit together."""
    policy = load_policy(job.policy, job, train=job.lora is None)
    encoder = encoder_for(policy, job.policy)
    shared = job.lora is not None and _is_on(policy, job, encoder)
    reference = policy
    if job.lora is None or job.reference not in ("", job.policy):
        reference = load_policy(job.reference or job.policy, job, "reference")
    adapters = add_adapters(policy, job.lora, job.seed) if job.lora else None
    judge, value = (
        _on_one_base(job, policy, adapters, critic=critic)
        if adapters and shared
        else _on_own_trunk(job, encoder, critic=critic)
    )
    return Cast(Role(policy, POLICY if adapters else None), Role(reference), judge, value, encoder, adapters)


def _is_on(policy: PreTrainedModel, job: JobSpec, encoder: Encoder) -> bool:
    """Whether the reward model is one adapter on the policy's base."""
    check_source(job.reward_model, "reward model")
    combination, _ = read_meta(job.reward_model, "reward model")
    if len(combination.members) > 1 or job.safety_model:
        return False
    its = replace(encoder, tokenizer=load_tokenizer(job.reward_model, "reward model"))
    return _reads_alike(its, encoder) and is_adapter_on(policy, Path(job.reward_model), ADAPTER_FOLDER)


def _on_one_base(
    job: JobSpec, policy: PreTrainedModel, adapters: PeftModel, *, critic: bool
) -> tuple[Judge, Headed | None]:
    """Reward model and critic as adapters beside the policy's."""
    source = job.reward_model
    folder, device = Path(source), str(policy.device)
    names = (REWARD, CRITIC) if critic else (REWARD,)
    for name in names:
        adapters.load_adapter(str(folder / ADAPTER_FOLDER), name, torch_device=device)
    train_only(policy, (POLICY, CRITIC))
    score = _read_tensor(folder, "score.weight")
    scale = read_meta(source, "reward model")[0].overall
    judge, *value = (Headed(Role(policy, name), score, scale) for name in names)
    return judge, value[0] if value else None


def _on_own_trunk(job: JobSpec, encoder: Encoder, *, critic: bool) -> tuple[Judge, Headed | None]:
    """The reward model as it is; a single one lends its trunk to a critic that is trained as an adapter."""
    scorer = Scorer(job.reward_model, job)
    scorer.check_tokens(encoder, f"the policy {job.policy}")
    if not _reads_alike(scorer.encoder, encoder):
        raise ContractError(
            f"The reward model {job.reward_model} has another chat template than the policy {job.policy}: "
            "it would read other prompts than were answered."
        )
    if not critic:
        return scorer, None
    model, combination = scorer.helpful.model, scorer.helpful.combination
    single = len(combination.members) == 1
    scale = combination.overall if single else combination.members[0]
    score = cast(nn.Linear, model.score).weight.detach()[:1]
    judge: Judge = scorer
    if job.lora and single and not job.safety_model:
        judge = Headed(Role(model), score, scale)
    else:
        model = load_reward_model(job.reward_model, job if job.lora else replace(job, precision="float32"))
    if job.lora:
        add_adapters(model, job.lora, job.seed)
    model.score.requires_grad_(False)  # the value's head starts as a copy of it
    return judge, Headed(Role(model, POLICY if job.lora else None), score, scale)


def _read_tensor(folder: Path, name: str) -> Tensor:
    """One tensor of the safetensors files in ``folder``."""
    for path in folder.glob("*.safetensors"):
        with safe_open(path, framework="pt") as file:
            if name in file.keys():  # noqa: SIM118 - safe_open has no iterator
                return file.get_tensor(name)
    raise ContractError(f"The model {folder} has no weights named {name}.")


def _reads_alike(one: Encoder, other: Encoder) -> bool:
    """Whether a conversation is the same tokens to both."""
    return one.shares_tokens(other) and one.tokenizer.chat_template == other.tokenizer.chat_template
