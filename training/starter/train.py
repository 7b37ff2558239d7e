"""The starter's training: a small Llama, from nothing, on the corpus; the loss is on the replies alone."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from training.starter.corpus import Pair, corpus
from training.starter.tokenizer import ASSISTANT, END, USER, train_tokenizer

TOKENIZER_PAIRS = 40_000
POOL_BATCHES = 32

Example = tuple[list[int], int]
"""The token ids of one pair, and where its reply begins."""


@dataclass(frozen=True)
class StarterSettings:
    """What a run depends on. ``minutes`` (0: no limit) shortens the schedule to the clock, so a run
    that it shortens depends on the machine as well as on the seed. ``even`` is the share of the pairs,
    from the start, that are on topic, short and whole."""

    pairs: int = 90_000
    seed: int = 0
    minutes: float = 0.0
    hidden: int = 192
    layers: int = 4
    heads: int = 6
    feed_forward: int = 512
    vocabulary: int = 3072
    batch_pairs: int = 48
    learning_rate: float = 3e-3
    matrix_rate: float = 1e-2
    bfloat16: bool = True
    warm_up: float = 0.03
    even: float = 0.2


@dataclass(frozen=True)
class Step:
    """One optimiser step, for the progress line: ``loss`` in nats a reply token, ``done`` from 0 to 1."""

    number: int
    done: float
    loss: float
    tokens: int
    seconds: float


def build_model(settings: StarterSettings, tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    """A freshly initialised model of the settings' shape, seeded."""
    torch.manual_seed(settings.seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=settings.hidden,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        num_key_value_heads=settings.heads,
        intermediate_size=settings.feed_forward,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = LlamaForCausalLM(config)
    model.generation_config = GenerationConfig(
        do_sample=True,
        max_new_tokens=96,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return model


def encode(tokenizer: PreTrainedTokenizerFast, pairs: list[Pair]) -> list[Example]:
    """The pairs as the chat template writes them (spelt out here because it is ten times faster)."""
    prompts = tokenizer([f"{USER}{pair.request}{END}{ASSISTANT}" for pair in pairs])["input_ids"]
    replies = tokenizer([f"{pair.reply}{END}" for pair in pairs])["input_ids"]
    return [(prompt + reply, len(prompt)) for prompt, reply in zip(prompts, replies, strict=True)]


def batches(
    pairs: Iterator[Pair], tokenizer: PreTrainedTokenizerFast, size: int, seed: int
) -> Iterator[list[Example]]:
    """Batches of pairs of like length: a pool is sorted, dealt and its batches shuffled."""
    rng = random.Random(seed)
    while pool := list(islice(pairs, size * POOL_BATCHES)):
        examples = sorted(encode(tokenizer, pool), key=lambda example: len(example[0]))
        dealt = [examples[start : start + size] for start in range(0, len(examples), size)]
        rng.shuffle(dealt)
        yield from dealt


def reply_loss(model: LlamaForCausalLM, batch: list[Example]) -> torch.Tensor:
    """Mean cross-entropy over reply tokens (the end token too), in nats.

    Rows are padded on the right, where causal attention never looks from a real token, so no mask is
    needed; logits are computed only where a reply token is predicted.
    """
    width = max(len(ids) for ids, _ in batch)
    ids = torch.zeros(len(batch), width, dtype=torch.long)
    scored = torch.zeros(len(batch), width, dtype=torch.bool)
    for row, (tokens, start) in enumerate(batch):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        scored[row, start : len(tokens)] = True
    hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state
    logits = model.lm_head(hidden[:, :-1][scored[:, 1:]])
    return cross_entropy(logits.float(), ids[:, 1:][scored[:, 1:]])


def rate(warm_up: float, done: float) -> float:
    """The share of the peak learning rate when ``done`` (0 to 1) of the run is behind.

    It rises in a straight line until ``warm_up`` and then falls as a cosine to 2 %.
    """
    if done < warm_up:
        return done / warm_up
    turn = min(1.0, (done - warm_up) / (1 - warm_up))
    return 0.02 + 0.49 * (1 + math.cos(math.pi * turn))


def _optimizers(model: LlamaForCausalLM, settings: StarterSettings) -> list[torch.optim.Optimizer]:
    """Muon (Jordan et al., 2024) for the matrices inside the layers, AdamW for embedding and norms.

    With Muon the model copies the slots of a request long before it does with AdamW alone (docs/starter.md).
    """
    matrices = [weight for weight in model.model.layers.parameters() if weight.dim() == 2]
    others = [weight for weight in model.parameters() if not any(weight is matrix for matrix in matrices)]
    muon = torch.optim.Muon(
        matrices, lr=settings.matrix_rate, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"
    )
    adam = torch.optim.AdamW(
        others, lr=settings.learning_rate, betas=(0.9, 0.97), weight_decay=0.0, fused=True
    )
    return [muon, adam]


def train(
    settings: StarterSettings, report: Callable[[Step], None]
) -> tuple[LlamaForCausalLM, PreTrainedTokenizerFast]:
    """Train tokenizer and model; the same settings, seed, machine and thread count give the same weights."""
    sample = corpus(min(TOKENIZER_PAIRS, settings.pairs), settings.seed)
    texts = (text for pair in sample for text in (pair.request, pair.reply))
    tokenizer = train_tokenizer(texts, settings.vocabulary)
    model = build_model(settings, tokenizer)
    optimizers = _optimizers(model, settings)
    groups = [group for optimizer in optimizers for group in optimizer.param_groups]
    peaks = [group["lr"] for group in groups]
    pairs = corpus(settings.pairs, settings.seed + 1, round(settings.even * settings.pairs))
    started, seen, tokens = time.monotonic(), 0, 0
    for number, batch in enumerate(batches(pairs, tokenizer, settings.batch_pairs, settings.seed), start=1):
        seconds = time.monotonic() - started
        clock = seconds / (60 * settings.minutes) if settings.minutes else 0.0
        if clock >= 1:
            break
        seen += len(batch)
        tokens += sum(len(ids) for ids, _ in batch)
        done = max(seen / settings.pairs, clock)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=settings.bfloat16):
            loss = reply_loss(model, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group, peak in zip(groups, peaks, strict=True):
            group["lr"] = peak * rate(settings.warm_up, done)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        report(Step(number, done, loss.item(), tokens, seconds))
    return model.eval(), tokenizer


def save(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write an ordinary Hugging Face folder, weights in bfloat16, readable by everyone."""
    model.bfloat16().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    for file in folder.iterdir():
        file.chmod(0o644)
