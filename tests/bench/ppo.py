"""An iteration of PPO by the ppo stage, and by four separate models with padded rows, as it is often written.

Both draw K replies to each prompt, score them, work out generalised advantages and take one pass over them
in minibatches, with adapters of one rank on policy and critic and the same losses. The baseline is this
project's own, since TRL has dropped PPO: policy, reference, reward model and critic are four models of one
size, replies come from ``generate(num_return_sequences=K)``, every row is a prompt and one reply, padded to
the longest of its forward pass, and logits are made for replies only.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from torch import Tensor
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    GenerationConfig,
)

from tests.bench.flops import Shape
from tests.bench.sides import LORA, PROMPTS_A_STEP, STOPS, Work
from training.adapters import add_adapters
from training.advantages import (
    clipped_policy_loss,
    clipped_value_loss,
    generalised_advantages,
    penalised_rewards,
    whiten,
)
from training.checkpoints import save_checkpoint
from training.contracts import JobSpec, SamplingSpec, read_prompts
from training.data import Encoder, Ranking
from training.models import load_tokenizer, new_reward_model
from training.process import StopFlag
from training.progress import Reporter
from training.run import Run
from training.stages import ppo

NEW_TOKENS = 64
ROWS_A_PASS = 16
"""Rows of a forward pass of the baseline: as many as TRL's default of 8 pairs."""
BETA = 0.05


def _job(model: str, rankings: list[Ranking], work: Path) -> JobSpec:
    """A job on the random model: its prompts, and a reward model that is adapters on it."""
    GenerationConfig(eos_token_id=STOPS, pad_token_id=1).save_pretrained(model)
    prompts = work / "prompts.jsonl"
    rows = [
        {
            "prompt_id": ranking.prompt_id,
            "messages": [
                {"role": "user", "content": " ".join(f"w{token}" for token in ranking.group.prompt)}
            ],
        }
        for ranking in rankings
    ]
    prompts.write_text("".join(json.dumps(row) + "\n" for row in rows))
    job = JobSpec(
        stage="ppo", output=str(work / "out"), work=str(work), policy=model, reference=model,
        reward_model=str(work / "reward"), prompts=str(prompts), k=len(rankings[0].group.completions),
        sampling=SamplingSpec([1.0], 1.0, NEW_TOKENS), lora=LORA, device="cpu",
        params={
            "iterations": 1, "rollout_prompts": len(rankings), "batch_prompts": PROMPTS_A_STEP,
            "micro_tokens": 512, "kl_weight": BETA, "missing_eos_score": None, "save_seconds": 1e9,
            "learning_rate": 1e-5, "warmup": 0.0,
        },
    )  # fmt: skip
    reward = new_reward_model(model, job, 0)
    save_checkpoint(
        work / "reward", model=reward, tokenizer=load_tokenizer(model), job=job, kind="reward",
        adapters=add_adapters(reward, LORA, 1), extra={"reward_mean": 0.0, "reward_std": 1.0},
    )  # fmt: skip
    return job


def our_ppo(model: str, rankings: list[Ranking], work: Path) -> Work:
    """The ppo stage, its models loaded."""
    run = Run(
        _job(model, rankings, work), work, work, Reporter(as_json=True, stream=io.StringIO()), StopFlag()
    )
    _, loop = ppo.prepare(run)

    def iterate() -> list[Shape]:
        loop.run(run.reporter, run.stop, "bench")
        return []

    return iterate


def their_ppo(model: str, rankings: list[Ranking], work: Path) -> Work:
    """Four models."""
    job = _job(model, rankings, work)
    baseline = FourModels(job)
    return baseline.iterate


class FourModels:
    """The baseline; rows are ``[prompt padded on the left | reply padded on the right]``."""

    def __init__(self, job: JobSpec) -> None:
        config = LoraConfig(r=LORA.rank, lora_alpha=LORA.alpha, target_modules="all-linear")
        heads: dict[str, Any] = {"num_labels": 1, "dtype": torch.float32}
        load, score = AutoModelForCausalLM, AutoModelForSequenceClassification
        self.policy: Any = get_peft_model(load.from_pretrained(job.policy, dtype=torch.float32), config)
        self.reference: Any = load.from_pretrained(job.policy, dtype=torch.float32)
        self.reward: Any = score.from_pretrained(job.reward_model, **heads)
        critic: Any = score.from_pretrained(job.reward_model, **heads)
        head = critic.score
        self.critic: Any = get_peft_model(critic, config)
        head.weight.requires_grad_(True)
        tokenizer = AutoTokenizer.from_pretrained(job.policy, padding_side="left")
        encoder = Encoder(tokenizer, 1024, len(tokenizer))
        texts = [encoder.prompt(row.messages) for row in read_prompts(Path(job.prompts))]
        longest = max(map(len, texts))
        self._ids = torch.tensor([[1] * (longest - len(ids)) + ids for ids in texts])
        self._seen = torch.tensor([[0] * (longest - len(ids)) + [1] * len(ids) for ids in texts])
        self._k = job.k
        trained = [p for model in (self.policy, self.critic) for p in model.parameters() if p.requires_grad]
        self._trained, self._optimizer = trained, torch.optim.AdamW(trained, lr=1e-5, betas=(0.9, 0.95))

    def iterate(self) -> list[Shape]:
        """Draw, score, work advantages out, and take one pass in minibatches."""
        torch.manual_seed(0)
        with torch.no_grad():
            batch = self._draw()
            passes = _cut(batch, ROWS_A_PASS)
            batch["old"], reference = (
                _wide([self._logprobs(model, part) for part in passes], batch["mask"].shape[1])
                for model in (self.policy, self.reference)
            )
            batch["before"] = _wide([self._values(part) for part in passes], batch["mask"].shape[1])
            scores = torch.cat([self._scores(part) for part in passes])
            mask = batch["mask"].float()
            rewards = penalised_rewards(scores, batch["old"], reference, mask, BETA)
            advantages, batch["returns"] = generalised_advantages(
                rewards, batch["before"] * mask, mask, gamma=1.0, lam=0.95
            )
            batch["advantages"] = whiten(advantages, mask)
        for minibatch in _cut(batch, PROMPTS_A_STEP * self._k):
            self._step(minibatch)
        return []

    def _draw(self) -> dict[str, Tensor]:
        rows = self.policy.generate(
            input_ids=self._ids, attention_mask=self._seen, num_return_sequences=self._k, do_sample=True,
            max_new_tokens=NEW_TOKENS, top_k=0,
        )  # fmt: skip
        width = self._ids.shape[1]
        replies = rows[:, width:]
        ended = torch.isin(replies, torch.tensor(STOPS)).cumsum(dim=1)
        mask = torch.cat([torch.ones(len(rows), 1), (ended[:, :-1] == 0).float()], dim=1).bool()
        seen = torch.cat([self._seen.repeat_interleave(self._k, dim=0), mask.long()], dim=1)
        return {"ids": rows, "seen": seen, "mask": mask}

    def _inputs(self, batch: dict[str, Tensor]) -> dict[str, Any]:
        positions = (batch["seen"].cumsum(dim=1) - 1).clamp(min=0)
        return {
            "input_ids": batch["ids"], "attention_mask": batch["seen"], "position_ids": positions,
            "use_cache": False,
        }  # fmt: skip

    def _logprobs(self, model: Any, batch: dict[str, Tensor]) -> Tensor:
        width = batch["mask"].shape[1]
        logits = model(**self._inputs(batch), logits_to_keep=width + 1).logits[:, :-1].float()
        return torch.log_softmax(logits, dim=-1).gather(2, batch["ids"][:, -width:, None])[:, :, 0]

    def _values(self, batch: dict[str, Tensor]) -> Tensor:
        critic, width = self.critic.get_base_model(), batch["mask"].shape[1]
        hidden = critic.model(**self._inputs(batch)).last_hidden_state[:, -width - 1 : -1]
        return critic.score(hidden)[:, :, 0]

    def _scores(self, batch: dict[str, Tensor]) -> Tensor:
        hidden = self.reward.model(**self._inputs(batch)).last_hidden_state
        last = batch["ids"].shape[1] - batch["mask"].shape[1] + batch["mask"].sum(dim=1) - 1
        return self.reward.score(hidden[torch.arange(len(last)), last])[:, 0]

    def _step(self, minibatch: dict[str, Tensor]) -> None:
        count = minibatch["mask"].sum()
        for part in _cut(minibatch, ROWS_A_PASS):
            mask = part["mask"].float()
            new, values = self._logprobs(self.policy, part), self._values(part)
            loss = clipped_policy_loss(new, part["old"], part["advantages"], mask, 0.2)
            loss = loss + 0.1 * clipped_value_loss(values, part["before"], part["returns"], mask, 0.2)
            (loss * mask.sum() / count).backward()
        torch.nn.utils.clip_grad_norm_(self._trained, 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)


def _cut(batch: dict[str, Tensor], rows: int) -> list[dict[str, Tensor]]:
    """Runs of rows, without the columns that are padding in all of them."""
    parts = []
    for start in range(0, len(batch["ids"]), rows):
        part = {name: own[start : start + rows] for name, own in batch.items()}
        prompt, reply = (own.any(dim=0) for own in (part["seen"].bool(), part["mask"]))
        first, width = int(prompt.nonzero()[0]), int(reply.sum())
        unused = part["mask"].shape[1] - width
        for name, own in part.items():
            end = own.shape[1] - unused
            part[name] = own[:, first:end] if name in ("ids", "seen") else own[:, :end]
        parts.append(part)
    return parts


def _wide(parts: list[Tensor], width: int) -> Tensor:
    """Rows of all parts, padded to one width."""
    return torch.cat([torch.nn.functional.pad(part, (0, width - part.shape[1])) for part in parts])
