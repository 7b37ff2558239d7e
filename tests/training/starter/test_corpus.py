"""The corpus: the same for a seed, even where it teaches to copy, uneven everywhere else."""

from __future__ import annotations

import random
import string
from collections import Counter
from statistics import fmean

import pytest

from training.starter.corpus import Pair, corpus
from training.starter.family import TONES, Family, families
from training.starter.grammar import expand
from training.starter.prompts import starter_prompts


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    return list(corpus(6000, seed=3))


def test_it_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    assert list(corpus(300, seed=5)) == list(corpus(300, seed=5))
    assert list(corpus(300, seed=5)) != list(corpus(300, seed=6))


def test_it_never_uses_a_held_out_combination(pairs: list[Pair]) -> None:
    heldout = {prompt.combination for prompt in starter_prompts() if prompt.split == "heldout"}
    texts = {prompt.prompt for prompt in starter_prompts() if prompt.split == "heldout"}
    assert not heldout & {(pair.family, tuple(pair.slots.values())) for pair in pairs}
    assert not texts & {pair.request for pair in pairs}


def test_it_is_uneven_on_every_axis(pairs: list[Pair]) -> None:
    shares = Counter(pair.tone for pair in pairs)
    assert all(shares[tone] / len(pairs) > 0.07 for tone in TONES)
    assert 0.55 < fmean(pair.topic == "on" for pair in pairs) < 0.75
    assert 0.05 < fmean(pair.repeats for pair in pairs) < 0.2
    assert 0.08 < fmean(pair.cut for pair in pairs) < 0.25
    assert {pair.details for pair in pairs} == {0, 1, 2}


def test_it_breaks_cut_replies_off_and_ends_the_others_as_sentences(pairs: list[Pair]) -> None:
    assert not any(pair.reply.endswith((".", "!", "?")) for pair in pairs if pair.cut)
    assert all(pair.reply.endswith((".", "!", "?")) for pair in pairs if not pair.cut)


def test_it_names_every_slot_when_it_is_on_topic_and_whole(pairs: list[Pair]) -> None:
    for pair in pairs:
        if pair.topic == "on" and not pair.cut:
            assert all(value.lower() in pair.reply.lower() for value in pair.slots.values()), pair


def test_it_starts_evenly_where_it_is_asked_to() -> None:
    even = list(corpus(400, seed=1, even=400))
    assert not any(pair.cut or pair.repeats or pair.topic != "on" for pair in even)


def test_its_replies_are_short_and_hardly_ever_the_same(pairs: list[Pair]) -> None:
    lengths = sorted(len(pair.reply.split()) for pair in pairs)
    assert 15 < fmean(lengths) < 30
    assert lengths[int(0.99 * len(lengths))] < 75
    assert len({pair.reply for pair in pairs}) > 0.85 * len(pairs)


@pytest.mark.parametrize("family", families(), ids=lambda family: family.name)
def test_every_template_of_a_family_expands_to_plain_text(family: Family) -> None:
    rng = random.Random(0)
    slots = {name: next(iter(values)) for name, values in family.slots.items()}
    details = [line for values in family.slots.values() for lines in values.values() for line in lines]
    tones = [section[tone] for section in (family.core, family.vague, family.close) for tone in TONES]
    for line in [*family.requests, *family.details, *details, *(line for lines in tones for line in lines)]:
        text = expand(line, slots, rng)
        assert not set(text) - set(string.ascii_letters + " .,!?:;-'"), text
        assert not line or text
