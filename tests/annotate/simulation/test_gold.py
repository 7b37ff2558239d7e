"""What the gold score likes, on texts written by hand, and what it is not taken in by."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from annotate.simulation import gold
from annotate.simulation.gold import SCALE, WEIGHTS, content_words, gold_score

THANKS = [{"role": "user", "content": "Write a thank-you note to Nina for the soup."}]
GOOD = (
    "Dear Nina, thank you so much for the wonderful soup. "
    "It made my evening warm, and I hope to see you soon!"
)
CURT = "Nina, got the soup. Fine."
RUDE = "Nina, the soup is ugly, you idiot."
DRIFT = "Hello, I need a haircut. The price of butter went up and the bus was late."
WRONG = (
    "Hello Tom, thank you for the scarf. It came at the right time, and all of us liked it in the evening."
)
WARM_SALAD = (
    "Dear kind lovely wonderful happy joy love hug smile thank friend heart sweet warm grateful proud."
)
SLOT_SALAD = "Nina soup Nina soup dear lovely kind wonderful joy hug smile heart warm friend grateful sweet."
PLAIN = "Hello Nina, thank you for the soup. It came at the right time, and we ate all of it in the evening."


def total(reply: str) -> float:
    return gold_score(THANKS, reply).total


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        pytest.param(GOOD, PLAIN, id="warm over plain"),
        pytest.param(PLAIN, CURT, id="plain over curt"),
        pytest.param(CURT, RUDE, id="curt over rude"),
        pytest.param(PLAIN, DRIFT, id="on topic over drift"),
        pytest.param(PLAIN, WRONG, id="right names over wrong"),
        pytest.param(PLAIN, f"{PLAIN} {PLAIN}", id="once over twice"),
        pytest.param(PLAIN, PLAIN[:-30], id="whole over broken off"),
        pytest.param(PLAIN, "Thanks.", id="a note over a word"),
        pytest.param(GOOD, " ".join([GOOD] * 4), id="short over endless"),
    ],
)
def test_it_prefers(better: str, worse: str) -> None:
    assert total(better) > total(worse) + 0.2 * SCALE


@pytest.mark.parametrize(
    "trick",
    [
        "love love love love love love love love love love love love love love love love love.",
        WARM_SALAD,
        SLOT_SALAD,
        "Thank you Nina soup. " * 8,
        "Nina soup.",
        "thank you so much " * 20,
        "",
        "!!! ... ???",
    ],
)
def test_it_is_not_taken_in_by_tricks(trick: str) -> None:
    assert total(trick) < total(PLAIN)


def test_its_best_is_the_sum_of_the_weights_and_a_good_note_comes_close() -> None:
    best = SCALE * sum(WEIGHTS.values())
    assert 0.9 * best < total(GOOD) <= best


def test_its_total_is_the_weighted_sum_of_its_parts() -> None:
    score = gold_score(THANKS, "Nina, thanks for the")
    # 4 words: nina, thanks, for, the. Half are function words, so fluency is 1.
    assert score.warmth == pytest.approx(1 / 3)  # one warm word of three
    assert (score.politeness, score.variety, score.complete) == (1.0, 1.0, 0.0)
    assert score.topic == pytest.approx(1 / 2)  # nina, not soup
    assert score.length == pytest.approx((4 - 2) / (16 - 2))
    assert score.total == pytest.approx(SCALE * (3 / 3 + 3 + 4 / 2 + 2 + 1.5 * 2 / 14))


def test_it_counts_rudeness_and_repetition() -> None:
    assert gold_score(THANKS, "Nina, the soup was awful.").politeness == 0.25
    assert gold_score(THANKS, "Nina, the soup was awful, go away.").politeness == 0.0
    assert gold_score(THANKS, "I did not give up on the soup.").politeness == 1.0
    # nine trigrams of eleven words, three of them seen before: 1 - 3 * 3 / 9
    assert gold_score(THANKS, "the soup was good so the soup was good so ok").variety == pytest.approx(0.0)


def test_it_reads_the_last_request_and_ignores_its_phrasing() -> None:
    assert content_words("Please write a short thank-you note to Nina for the soup.") == {"nina", "soup"}
    assert content_words("Any advice on baking bread?") == {"bak", "bread"}
    turns = [
        {"role": "user", "content": "Write about cats."},
        {"role": "assistant", "content": "Cats."},
        {"role": "user", "content": "Now about dogs."},
    ]
    assert gold_score(turns, "A dog is a good friend to have in the house.").topic == 1.0


def test_it_matches_words_across_their_endings() -> None:
    request = [{"role": "user", "content": "Say sorry for missing dinner."}]
    assert gold_score(request, "I am sorry that I missed the dinner.").topic == 1.0


def test_it_reads_curly_quotes_and_other_scripts() -> None:
    assert gold_score(THANKS, "\u201cDear Nina, I\u2019m glad of the soup.\u201d").complete == 1.0
    assert gold_score([{"role": "user", "content": "?"}], "Пожалуйста, спасибо.").topic == 0.0


def test_it_refuses_a_conversation_without_a_request() -> None:
    with pytest.raises(ValueError, match="needs a user turn"):
        gold_score([{"role": "system", "content": "Be kind."}], "Hello.")


def test_it_imports_the_standard_library_alone() -> None:
    tree = ast.parse(Path(gold.__file__).read_text(encoding="utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        )
    }
    assert imported <= sys.stdlib_module_names
