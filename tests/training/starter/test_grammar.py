"""The templates that the corpus is written with."""

from __future__ import annotations

import random

import pytest

from training.starter.grammar import PHRASES, GrammarError, expand


def _all(template: str, **slots: str) -> set[str]:
    return {expand(template, slots, random.Random(seed)) for seed in range(200)}


def test_it_gives_every_alternative_and_no_other() -> None:
    assert _all("[Hi|Hello] {who}[.|!]", who="Tom") == {"Hi Tom.", "Hi Tom!", "Hello Tom.", "Hello Tom!"}


def test_it_nests_and_lets_an_alternative_be_empty() -> None:
    assert _all("so [|[very|quite] ]good") == {"So good", "So very good", "So quite good"}


def test_it_begins_every_sentence_with_a_capital_and_tidies_spaces() -> None:
    assert _all("{task} is fun . {task} helps  a lot [|] , ok", task="baking") == {
        "Baking is fun. Baking helps a lot, ok"
    }


def test_it_knows_shared_phrases() -> None:
    assert expand("<idiot>", {}, random.Random(0)).lower() in PHRASES["idiot"]


@pytest.mark.parametrize("template", ["[a|b", "a|b]", "a {b", "a > b"])
def test_it_refuses_a_template_that_does_not_close(template: str) -> None:
    with pytest.raises(GrammarError, match=r"place|bracket"):
        expand(template, {}, random.Random(0))


def test_it_refuses_an_unknown_slot_or_phrase() -> None:
    with pytest.raises(KeyError):
        expand("{nobody}", {}, random.Random(0))
    with pytest.raises(KeyError):
        expand("<nothing>", {}, random.Random(0))
