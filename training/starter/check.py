"""How good a starter model is: what its samples hold, beside the same figures for the corpus itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, quantiles
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from training.starter.corpus import Pair, corpus
from training.starter.prompts import StarterPrompt, starter_prompts

CORPUS_PAIRS = 110_000
BATCH = 60
MAX_NEW_TOKENS = 96


@dataclass(frozen=True)
class Reply:
    """A reply to be measured: the slot values it should name, its text, and whether it ended itself."""

    wanted: tuple[str, ...]
    text: str
    ended: bool


@dataclass(frozen=True)
class Figures:
    """Shares are within [0, 1]; words are counted by white space."""

    replies: int
    ended: float
    all_slots: float
    slots: float
    unknown_words: float
    complete_sentence: float
    repeated_sentence: float
    distinct_replies: float
    verbatim_replies: float
    verbatim_sentences: float
    words_mean: float
    words_p5: float
    words_p95: float


def sentences(text: str) -> list[str]:
    """The sentences of a reply, the last one perhaps broken off."""
    return [part.strip() for part in re.findall(r"[^.!?]+[.!?]?", text) if part.strip()]


def _known_words(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in re.findall(r"[a-z]+", text.lower())}


def measure(replies: list[Reply], known: list[Pair]) -> Figures:
    """The figures of some replies; ``known`` are the pairs that verbatim and unknown refer to."""
    seen_replies = {pair.reply for pair in known}
    seen_sentences = {part for reply in seen_replies for part in sentences(reply)}
    vocabulary = _known_words(seen_replies) | _known_words(pair.request for pair in known)
    named = [[value.lower() in reply.text.lower() for value in reply.wanted] for reply in replies]
    parts = [sentences(reply.text) for reply in replies]
    words = [word for reply in replies for word in re.findall(r"[a-z]+", reply.text.lower())]
    lengths = sorted(len(reply.text.split()) for reply in replies)
    cuts = quantiles(lengths, n=20)
    return Figures(
        replies=len(replies),
        ended=fmean(reply.ended for reply in replies),
        all_slots=fmean(all(row) for row in named),
        slots=fmean(value for row in named for value in row),
        unknown_words=fmean(word not in vocabulary for word in words),
        complete_sentence=fmean(reply.text.endswith((".", "!", "?")) for reply in replies),
        repeated_sentence=fmean(len(set(row)) < len(row) for row in parts),
        distinct_replies=len({reply.text for reply in replies}) / len(replies),
        verbatim_replies=fmean(reply.text in seen_replies for reply in replies),
        verbatim_sentences=fmean(part in seen_sentences for row in parts for part in row),
        words_mean=fmean(lengths),
        words_p5=cuts[0],
        words_p95=cuts[-1],
    )


@torch.inference_mode()
def sample(folder: Path, prompts: list[StarterPrompt], samples: int, seed: int) -> list[Reply]:
    """``samples`` replies to each prompt at temperature 1, up to 96 tokens each."""
    torch.manual_seed(seed)
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    replies = []
    repeated = [prompt for prompt in prompts for _ in range(samples)]
    for start in range(0, len(repeated), BATCH):
        batch = repeated[start : start + BATCH]
        texts = [
            tokenizer.apply_chat_template(
                [{"role": "user", "content": prompt.prompt}], add_generation_prompt=True, tokenize=False
            )
            for prompt in batch
        ]
        encoded = tokenizer(texts, padding=True, return_tensors="pt", return_token_type_ids=False)
        output = model.generate(
            **encoded, do_sample=True, temperature=1.0, top_k=0, top_p=1.0, max_new_tokens=MAX_NEW_TOKENS
        )[:, encoded.input_ids.shape[1] :]
        spoken = tokenizer.batch_decode(output, skip_special_tokens=True)
        for prompt, row, text in zip(batch, output.tolist(), spoken, strict=True):
            replies.append(Reply(prompt.combination[1], text, tokenizer.eos_token_id in row))
    return replies


def check(folder: Path, samples: int, seed: int) -> dict[str, Figures]:
    """Figures of the model's samples on held-out and on as many train prompts, and of a fresh corpus.

    The fresh corpus is the ceiling: what a perfect model of the corpus would show.
    """
    known = list(corpus(CORPUS_PAIRS, seed + 1))
    fresh = [Reply(tuple(pair.slots.values()), pair.reply, True) for pair in corpus(2000, seed + 77)]
    heldout = [prompt for prompt in starter_prompts() if prompt.split == "heldout"]
    train = [prompt for prompt in starter_prompts() if prompt.split == "train"][: len(heldout)]
    return {
        "held-out prompts": measure(sample(folder, heldout, samples, seed), known),
        "train prompts": measure(sample(folder, train, samples, seed), known),
        "corpus (ceiling)": measure(fresh, known),
    }


def table(figures: dict[str, Figures]) -> str:
    """A Markdown table, one column for each set of replies."""
    lines = ["| figure | " + " | ".join(figures) + " |", "|---" * (len(figures) + 1) + "|"]
    for name in Figures.__dataclass_fields__:
        cells = [getattr(column, name) for column in figures.values()]
        shown = [f"{cell:.3f}" if cell <= 1 else f"{cell:.1f}".removesuffix(".0") for cell in cells]
        lines.append(f"| {name.replace('_', ' ')} | " + " | ".join(shown) + " |")
    return "\n".join(lines)
