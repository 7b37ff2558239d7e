"""The prompts that ship: one combination of slots each, train and held out.

A held-out prompt is a combination of slot values that neither a train prompt nor any request of the
corpus uses, in any phrasing; every single value of it is known. The split is fixed by
``PROMPT_SEED`` and not by the training seed, so that every starter model is judged on the same prompts.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from training.starter.family import Family, families
from training.starter.grammar import expand

PROMPT_SEED = 20_26
TRAIN_PROMPTS = 600
HELDOUT_PROMPTS = 120

Combination = tuple[str, tuple[str, ...]]
"""A family's name and one value for each of its slots, in the family's order."""


@dataclass(frozen=True)
class StarterPrompt:
    """One prompt of the shipped file, with the combination it stands for."""

    id: str
    prompt: str
    split: str
    combination: Combination


def _draw(family: Family, taken: set[Combination], rng: random.Random) -> dict[str, str]:
    """A combination of the family's slots that is not taken yet, which it then is."""
    while True:
        slots = {name: rng.choice(list(options)) for name, options in family.slots.items()}
        combination = (family.name, tuple(slots.values()))
        if combination not in taken:
            taken.add(combination)
            return slots


@lru_cache(maxsize=1)
def starter_prompts() -> tuple[StarterPrompt, ...]:
    """Held-out prompts, then train prompts; the families take turns."""
    rng = random.Random(PROMPT_SEED)
    taken: set[Combination] = set()
    prompts = []
    for split, count in (("heldout", HELDOUT_PROMPTS), ("train", TRAIN_PROMPTS)):
        for number in range(count):
            family = families()[number % len(families())]
            slots = _draw(family, taken, rng)
            text = expand(rng.choice(family.requests), slots, rng)
            combination = (family.name, tuple(slots.values()))
            prompts.append(StarterPrompt(f"{family.name}-{split}-{number:03d}", text, split, combination))
    return tuple(prompts)


def heldout_combinations() -> frozenset[Combination]:
    """What the corpus must never contain."""
    return frozenset(prompt.combination for prompt in starter_prompts() if prompt.split == "heldout")


def write_prompts(path: Path) -> int:
    """Write the prompts as JSON lines, ``{"id", "prompt", "split"}``; returns how many."""
    with path.open("w", encoding="utf-8") as handle:
        for prompt in starter_prompts():
            row = {"id": prompt.id, "prompt": prompt.prompt, "split": prompt.split}
            handle.write(json.dumps(row, ensure_ascii=False) + "\n")
    return len(starter_prompts())
