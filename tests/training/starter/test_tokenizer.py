"""The tokenizer and its chat template."""

from __future__ import annotations

from typing import Any

import pytest
from transformers import PreTrainedTokenizerFast

from training.starter.corpus import corpus
from training.starter.tokenizer import ASSISTANT, END, PAD, USER, train_tokenizer

TURNS = [
    {"role": "user", "content": "Remind Tom to buy milk."},
    {"role": "assistant", "content": "Tom, buy milk."},
]


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return train_tokenizer((pair.reply for pair in corpus(300, seed=0)), vocabulary=500)


def test_it_keeps_pad_and_end_apart(tokenizer: PreTrainedTokenizerFast) -> None:
    assert (tokenizer.pad_token, tokenizer.eos_token) == (PAD, END)
    assert tokenizer.pad_token_id != tokenizer.eos_token_id


def test_it_writes_a_turn_as_role_text_and_end(tokenizer: PreTrainedTokenizerFast) -> None:
    text = tokenizer.apply_chat_template(TURNS, tokenize=False)
    assert text == f"{USER}Remind Tom to buy milk.{END}{ASSISTANT}Tom, buy milk.{END}"


def test_its_prompt_is_a_prefix_of_the_whole_conversation(tokenizer: PreTrainedTokenizerFast) -> None:
    prompt = str(tokenizer.apply_chat_template(TURNS[:1], add_generation_prompt=True, tokenize=False))
    whole = str(tokenizer.apply_chat_template(TURNS, tokenize=False))
    ids = tokenizer(prompt)["input_ids"]
    assert whole.startswith(prompt)
    assert tokenizer(whole)["input_ids"] == ids + tokenizer(f"{TURNS[1]['content']}{END}")["input_ids"]


def test_it_marks_the_reply_for_training(tokenizer: PreTrainedTokenizerFast) -> None:
    encoded: Any = tokenizer.apply_chat_template(TURNS, return_dict=True, return_assistant_tokens_mask=True)
    marked = zip(encoded["input_ids"], encoded["assistant_masks"], strict=True)
    spoken = [token for token, mark in marked if mark]
    assert tokenizer.decode(spoken) == f"Tom, buy milk.{END}"


def test_it_gives_a_word_one_spelling_wherever_it_stands(tokenizer: PreTrainedTokenizerFast) -> None:
    alone = tokenizer("Tom")["input_ids"]
    twice = tokenizer("Tom, Tom")["input_ids"]
    assert twice[: len(alone)] == twice[-len(alone) :] == alone


@pytest.mark.parametrize("text", ["Tom, it is fine.", "Ünïcode 漢字 🙂", "a\nb  c"])
def test_it_decodes_what_it_encodes(tokenizer: PreTrainedTokenizerFast, text: str) -> None:
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_it_refuses_a_role_that_it_does_not_know(tokenizer: PreTrainedTokenizerFast) -> None:
    with pytest.raises(Exception, match="A role is system, user or assistant"):
        tokenizer.apply_chat_template([{"role": "robot", "content": "x"}])
