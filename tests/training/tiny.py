"""Tiny models of three architectures, random and seeded, and rows to train them on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from training.__main__ import main

TEMPLATE = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{{ eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
TEXT = "thank you very much for the lovely cake and the warm tea we had on sunday in your small garden"
WORDS = TEXT.split()


def make_tokenizer(*, template: bool = True) -> PreTrainedTokenizerFast:
    """A byte-level BPE of about 300 tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<eos>", "<pad>", "<|system|>", "<|user|>", "<|assistant|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([TEXT] * 3, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<eos>", pad_token="<pad>")
    if template:
        fast.chat_template = TEMPLATE
    return fast


def make_model(kind: str, vocabulary: int = 300) -> Any:
    """A random model of two layers; ``kind`` is llama, qwen2 or gpt2."""
    torch.manual_seed(0)
    common: dict[str, Any] = {
        "vocab_size": vocabulary,
        "eos_token_id": 0,
        "pad_token_id": 1,
        "bos_token_id": None,
    }
    small: dict[str, Any] = {
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
    }
    if kind == "llama":
        return LlamaForCausalLM(
            LlamaConfig(**small, num_key_value_heads=2, max_position_embeddings=256, **common)
        )
    if kind == "qwen2":
        return Qwen2ForCausalLM(
            Qwen2Config(**small, num_key_value_heads=2, max_position_embeddings=256, **common)
        )
    return GPT2LMHeadModel(
        GPT2Config(
            n_embd=32,
            n_layer=2,
            n_head=4,
            n_positions=256,
            resid_pdrop=0,
            embd_pdrop=0,
            attn_pdrop=0,
            **common,
        )
    )


def save_model(kind: str, folder: Path) -> str:
    """Write a tiny model and its tokenizer; a random model is nearly uniform, and this one has opinions."""
    model = make_model(kind)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(4)
    model.save_pretrained(folder)
    make_tokenizer().save_pretrained(folder)
    return str(folder)


def write_job(folder: Path, stage: str, **fields: Any) -> Path:
    """Write a job whose output and work lie in ``folder``; returns its path."""
    path = folder / f"{stage}.json"
    job = {
        "stage": stage,
        "output": str(folder / f"{stage}-out"),
        "work": str(folder / f"{stage}-work"),
        **fields,
    }
    path.write_text(json.dumps(job), encoding="utf-8")
    return path


def run_stage(job: Path) -> tuple[Path, dict[str, Any]]:
    """Run a stage in this process; returns its output folder and its metrics."""
    fields = json.loads(job.read_text())
    assert main([fields["stage"], str(job)]) == 0
    output = Path(fields["output"])
    return output, json.loads((output / "result.json").read_text())["metrics"]


def write_lines(path: Path, rows: list[dict[str, Any]]) -> str:
    """Write JSON lines; returns the path as text."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def prompt_rows(count: int) -> list[dict[str, Any]]:
    """Prompts of one user turn."""
    return [
        {
            "prompt_id": f"p{n}",
            "messages": [{"role": "user", "content": f"{WORDS[n % 9]} {WORDS[n % 7]} {n}"}],
        }
        for n in range(count)
    ]


def ranking_rows(count: int, *, heldout: int = 0, k: int = 3) -> list[dict[str, Any]]:
    """Rankings in which replies with more of the word "warm" are better; the last few are held out."""
    rows = []
    for n, prompt in enumerate(prompt_rows(count)):
        texts = [" ".join(["warm"] * (k - place) + WORDS[n % 5 : n % 5 + 3]) for place in range(k)]
        rows.append(
            {
                **prompt,
                "completions": [{"text": text, "completion_id": f"{n}-{i}"} for i, text in enumerate(texts)],
                "gaps": [1 + (n + i) % 3 for i in range(k - 1)],
                "fold": "heldout" if n >= count - heldout else "train",
            }
        )
    return rows
