"""The corpus: requests with replies that are deliberately uneven.

Each reply draws, independently of the others, a tone, whether it keeps to the subject, how detailed it
is, whether it repeats itself and whether it is cut short. So two samples of one prompt differ in ways
that a person judges in seconds, and every good quality is there for preferences to pick out.
The pairs depend on the seed alone; no held-out combination of slots ever appears.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from training.starter.family import TONES, Family, Tone, drift_lines, families
from training.starter.grammar import expand
from training.starter.prompts import Combination, heldout_combinations

Topic = Literal["on", "vague", "drift"]
TOPICS: tuple[Topic, ...] = ("on", "vague", "drift")


@dataclass(frozen=True)
class Mixture:
    """How likely each quality of a reply is; the weights are in the order of TONES, TOPICS and 0, 1, 2."""

    tones: tuple[float, ...]
    topics: tuple[float, ...]
    details: tuple[float, ...]
    close: float
    repeat: float
    cut: float


UNEVEN = Mixture(
    tones=(0.26, 0.38, 0.26, 0.10),
    topics=(0.66, 0.16, 0.18),
    details=(0.34, 0.40, 0.26),
    close=0.6,
    repeat=0.11,
    cut=0.16,
)
EVEN = Mixture(
    tones=(0.3, 0.3, 0.3, 0.1),
    topics=(1.0, 0.0, 0.0),
    details=(0.8, 0.2, 0.0),
    close=0.1,
    repeat=0.0,
    cut=0.0,
)


@dataclass(frozen=True)
class Pair:
    """A request and one reply to it, with the qualities the reply was drawn with."""

    family: str
    request: str
    reply: str
    slots: dict[str, str]
    tone: Tone
    topic: Topic
    details: int
    repeats: bool
    cut: bool


def _sentences(
    family: Family,
    slots: dict[str, str],
    tone: Tone,
    topic: Topic,
    details: int,
    close: float,
    rng: random.Random,
) -> list[str]:
    """The reply's sentences before it is repeated or cut."""
    opening = (family.core if topic == "on" else family.vague)[tone]
    lines = [rng.choice(opening)]
    if topic == "drift":
        lines += rng.sample(drift_lines(), k=1 + details)
    elif details and tone in ("warm", "plain"):
        specific = [line for name, value in slots.items() for line in family.slots[name][value]]
        pool = list(family.details) + (specific * 2 if topic == "on" else [])
        lines += rng.sample(pool, k=min(details, len(pool)))
    if rng.random() < close:
        lines.append(rng.choice(family.close[tone]))
    return [text for line in dict.fromkeys(lines) if (text := expand(line, slots, rng))]


def _repeat(sentences: list[str], rng: random.Random) -> list[str]:
    """Say one sentence again, once or twice more."""
    at = rng.randrange(len(sentences))
    return sentences[: at + 1] + [sentences[at]] * rng.choice((1, 2)) + sentences[at + 1 :]


def _cut(text: str, rng: random.Random) -> str:
    """Stop mid-thought, somewhere in the second half, never on the end of a sentence."""
    words = text.split()
    kept = words[: rng.randrange(max(1, len(words) // 2), max(2, len(words)))]
    return " ".join(kept).rstrip(".,!?:")


def draw_pair(family: Family, slots: dict[str, str], rng: random.Random, mixture: Mixture) -> Pair:
    """One request for these slots and one reply, its qualities drawn at random."""
    tone = rng.choices(TONES, mixture.tones)[0]
    topic = rng.choices(TOPICS, mixture.topics)[0]
    details = rng.choices((0, 1, 2), mixture.details)[0]
    sentences = _sentences(family, slots, tone, topic, details, mixture.close, rng)
    repeats = rng.random() < mixture.repeat
    if repeats:
        sentences = _repeat(sentences, rng)
    reply = " ".join(sentences)
    cut = rng.random() < mixture.cut and len(reply.split()) > 3
    if cut:
        reply = _cut(reply, rng)
    request = expand(rng.choice(family.requests), slots, rng)
    return Pair(family.name, request, reply, slots, tone, topic, details, repeats, cut)


def draw_slots(family: Family, forbidden: frozenset[Combination], rng: random.Random) -> dict[str, str]:
    """Slot values at random, drawn again while they are a held-out combination."""
    while True:
        slots = {name: rng.choice(list(options)) for name, options in family.slots.items()}
        if (family.name, tuple(slots.values())) not in forbidden:
            return slots


def corpus(count: int, seed: int, even: int = 0) -> Iterator[Pair]:
    """``count`` pairs, the families in random order; the same for the same seed, on any machine.

    The first ``even`` of them are not uneven: on topic, one or two sentences, whole. They teach the model to
    copy the slots before the uneven rest teaches it the spread.
    """
    rng = random.Random(seed)
    forbidden = heldout_combinations()
    for number in range(count):
        family = rng.choice(families())
        slots = draw_slots(family, forbidden, rng)
        yield draw_pair(family, slots, rng, EVEN if number < even else UNEVEN)
