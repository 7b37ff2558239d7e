"""One epoch of each kind of work by us and by the peer; each function returns what is timed."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer
from trl.trainer.dpo_config import DPOConfig
from trl.trainer.dpo_trainer import DPOTrainer
from trl.trainer.reward_config import RewardConfig
from trl.trainer.reward_trainer import RewardTrainer

from tests.bench.data import EOS, as_pairs
from tests.bench.flops import Shape
from training.adapters import add_adapters
from training.contracts import JobSpec, LoraSpec
from training.data import Ranking
from training.decoding import Request, sample_replies
from training.engine import Loop, Objective, Summed
from training.logprobs import completion_heads, completion_logprobs, sums_in_batches
from training.models import load_policy, new_reward_model
from training.params import DpoParams, LoopParams, RewardParams
from training.preference import ranking_loss, reward_loss
from training.process import StopFlag
from training.progress import Reporter

LORA = LoraSpec(rank=16, alpha=16)
PROMPTS_A_STEP = 8
PAIRS_A_PASS = 8
"""TRL's own default; 16 are as fast here and take twice the memory."""
JOB = JobSpec(stage="sample", output="", work="", device="cpu")
QUIET: dict[str, Any] = {
    "report_to": "none", "use_cpu": True, "bf16": False, "gradient_checkpointing": False,
    "save_strategy": "no", "num_train_epochs": 1, "logging_steps": 1000, "disable_tqdm": True,
    "max_length": None,
}  # fmt: skip

Work = Callable[[], list[Shape]]
"""What is timed; it returns the shapes of its forward passes where the peer pads, else none."""


def our_reward(model: str, rankings: list[Ranking], work: Path, *, tokens: int) -> Work:
    """Bradley-Terry on all pairs of each ranking, every weight trained."""
    params = RewardParams(margin="none", batch_prompts=PROMPTS_A_STEP, micro_tokens=tokens, save_seconds=1e9)
    reward = new_reward_model(model, JOB, 0)

    def loss(batch: Any) -> Summed:
        scores = completion_heads(reward, [ranking.group for ranking in batch])[:, 0]
        parts = scores.split([len(ranking.group.completions) for ranking in batch])
        paid = [reward_loss(own, item.pairs, params) for own, item in zip(parts, batch, strict=True)]
        return Summed(torch.stack(paid).sum(), {})

    return lambda: _run(reward, rankings, loss, params, work)


def their_reward(model: str, rankings: list[Ranking], work: Path) -> Work:
    """The same pairs in TRL's trainer."""
    rows = as_pairs(rankings)
    texts = {
        side: [a + b for a, b in zip(rows["prompt"], rows[side], strict=True)]
        for side in ("chosen", "rejected")
    }
    trainer = RewardTrainer(
        model=AutoModelForSequenceClassification.from_pretrained(model, num_labels=1, dtype=torch.float32),
        args=RewardConfig(output_dir=str(work), **_batches(rankings), **QUIET),
        train_dataset=Dataset.from_dict(texts),
        processing_class=AutoTokenizer.from_pretrained(model),
    )
    return lambda: _train(trainer)


def our_dpo(model: str, rankings: list[Ranking], work: Path, *, lora: bool, tokens: int) -> Work:
    """DPO on all pairs of each ranking; the reference's pass is inside what is timed."""
    params = DpoParams(
        margin_weight=0,
        anchor=0,
        batch_prompts=PROMPTS_A_STEP,
        micro_tokens=tokens,
        epochs=1,
        save_seconds=1e9,
    )
    policy = load_policy(model, JOB, train=not lora)

    def work_through() -> list[Shape]:
        groups = [ranking.group for ranking in rankings]
        values = [own for batch in sums_in_batches(policy, groups, tokens) for own in batch]
        reference = {id(ranking): own for ranking, own in zip(rankings, values, strict=True)}
        if lora:
            add_adapters(policy, LORA, 0)

        def loss(batch: Any) -> Summed:
            logprobs = completion_logprobs(policy, [ranking.group for ranking in batch])
            sizes = [len(ranking.group.completions) for ranking in batch]
            lengths = torch.tensor(logprobs.lengths).split(sizes)
            parts = zip(batch, logprobs.sums().split(sizes), lengths, strict=True)
            paid = [
                ranking_loss(own, reference[id(item)], size, item.pairs, params).loss
                for item, own, size in parts
            ]
            return Summed(torch.stack(paid).sum(), {})

        return _run(policy, rankings, loss, params, work)

    return work_through


def their_dpo(model: str, rankings: list[Ranking], work: Path, *, lora: bool) -> Work:
    """The same pairs in TRL's trainer, its reference live."""
    adapters = LoraConfig(r=LORA.rank, lora_alpha=LORA.alpha, target_modules="all-linear")
    trainer = DPOTrainer(
        model=AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32),
        args=DPOConfig(output_dir=str(work), **_batches(rankings), **QUIET),
        train_dataset=Dataset.from_dict(as_pairs(rankings)),
        processing_class=AutoTokenizer.from_pretrained(model),
        peft_config=adapters if lora else None,
    )
    return lambda: _train(trainer)


def our_sampling(model: str, rankings: list[Ranking], work: Path) -> Work:
    """Four replies of at most 64 tokens to each prompt, all prompts in one batch."""
    policy = load_policy(model, JOB)
    prompts = [ranking.group.prompt for ranking in rankings]
    requests = [Request(n, 4 * n + i, 1.0, 1.0) for n in range(len(prompts)) for i in range(4)]

    def draw() -> list[Shape]:
        for _ in sample_replies(policy, prompts, requests, max_new_tokens=64, stop=STOPS):
            pass
        return []

    return draw


STOPS = [EOS, *range(2, 8192, 50)]
"""A random model hardly ever says one given token; with these a reply ends after 50 tokens on average."""


def their_sampling(model: str, rankings: list[Ranking], work: Path) -> Work:
    """``generate(num_return_sequences=4)``, all prompts in one left-padded batch."""
    policy: Any = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    longest = max(len(ranking.group.prompt) for ranking in rankings)
    padding = [longest - len(ranking.group.prompt) for ranking in rankings]
    ids = [[1] * pad + ranking.group.prompt for pad, ranking in zip(padding, rankings, strict=True)]
    mask = [[0] * pad + [1] * (longest - pad) for pad in padding]

    def draw() -> list[Shape]:
        policy.generate(
            torch.tensor(ids), attention_mask=torch.tensor(mask), num_return_sequences=4, do_sample=True,
            max_new_tokens=64, eos_token_id=STOPS, top_k=0,
        )  # fmt: skip
        return []

    return draw


def _run(model: Any, rankings: list[Ranking], loss: Any, params: LoopParams, work: Path) -> list[Shape]:
    loop = Loop(
        model,
        rankings,
        Objective(loss, lambda ranking: 1.0, apart=True),
        params,
        learning_rate=1e-5,
        seed=0,
        work=work,
    )
    loop.run(Reporter(as_json=True, stream=io.StringIO()), StopFlag(), "bench")
    return []


def _train(trainer: Any) -> list[Shape]:
    """Train; returns the shape of every forward pass under gradients, padding and all."""
    shapes: list[Shape] = []

    def see(trunk: Any, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        if torch.is_grad_enabled():
            rows, length = (given[0] if given else named["input_ids"]).shape
            shapes.append((rows, length))

    trainer.model.get_decoder().register_forward_pre_hook(see, with_kwargs=True)
    trainer.train()
    return shapes


def _batches(rankings: list[Ranking]) -> dict[str, Any]:
    """An optimiser step on as many pairs as ``PROMPTS_A_STEP`` rankings have, in passes of TRL's size."""
    pairs = PROMPTS_A_STEP * len(rankings[0].pairs)
    return {
        "per_device_train_batch_size": PAIRS_A_PASS,
        "gradient_accumulation_steps": pairs // PAIRS_A_PASS,
    }
