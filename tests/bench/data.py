"""What both sides of the benchmark are fed: a random model, random rankings, the same token ids."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from training.data import Ranking
from training.segments import Group

EOS = 0
VOCABULARY = 8192


@dataclass(frozen=True)
class Size:
    """Shape of the Llama that is trained."""

    hidden: int = 320
    layers: int = 6
    vocabulary: int = VOCABULARY

    @property
    def inner(self) -> int:
        """Width of the feed-forward layers."""
        return round(self.hidden * 8 / 3 / 16) * 16

    def save(self, folder: Path) -> str:
        """Write a random model whose tokenizer reads ``w17`` as token 17."""
        torch.manual_seed(0)
        config = LlamaConfig(
            vocab_size=self.vocabulary, hidden_size=self.hidden, num_hidden_layers=self.layers,
            intermediate_size=self.inner, num_attention_heads=self.hidden // 64,
            max_position_embeddings=1024, tie_word_embeddings=True, eos_token_id=EOS, pad_token_id=1,
            bos_token_id=None,
        )  # fmt: skip
        LlamaForCausalLM(config).save_pretrained(folder)
        words = Tokenizer(models.WordLevel({f"w{n}": n for n in range(self.vocabulary)}, unk_token="w1"))
        words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
        PreTrainedTokenizerFast(tokenizer_object=words, eos_token="w0", pad_token="w1").save_pretrained(
            folder
        )
        return str(folder)


def random_rankings(prompts: int, k: int, seed: int = 0) -> list[Ranking]:
    """Prompts of 64 to 256 tokens (median about 130), completions of 32 to 128 (about 72), all pairs."""
    rng = random.Random(seed)

    def tokens(low: int, mode: int, high: int) -> list[int]:
        return [rng.randrange(2, VOCABULARY) for _ in range(round(rng.triangular(low, high, mode)))]

    pairs = [(better, worse, 1) for better in range(k) for worse in range(better + 1, k)]
    rankings = []
    for number in range(prompts):
        completions = [[*tokens(31, 60, 127), EOS] for _ in range(k)]
        rankings.append(Ranking(f"p{number}", Group(tokens(64, 90, 256), completions), pairs, 1.0))
    return rankings


def statistics_of(rankings: list[Ranking]) -> str:
    """How many prompts, pairs and tokens, in words."""
    prompts = [len(item.group.prompt) for item in rankings]
    replies = [len(own) for item in rankings for own in item.group.completions]
    return (
        f"{len(prompts)} prompts of {min(prompts)} to {max(prompts)} tokens (median {median(prompts):.0f}), "
        f"{len(replies)} completions of {min(replies)} to {max(replies)} (median {median(replies):.0f}), "
        f"{sum(len(item.pairs) for item in rankings)} pairs"
    )


def as_pairs(rankings: list[Ranking]) -> dict[str, list[str]]:
    """The pairs that the rankings expand to, as text: what TRL takes, since it has no K-wise input."""
    rows: dict[str, list[str]] = {"prompt": [], "chosen": [], "rejected": []}
    for ranking in rankings:
        texts = [" " + " ".join(f"w{token}" for token in own[:-1]) for own in ranking.group.completions]
        for better, worse, _ in ranking.pairs:
            rows["prompt"].append(" ".join(f"w{token}" for token in ranking.group.prompt))
            rows["chosen"].append(texts[better])
            rows["rejected"].append(texts[worse])
    return rows
