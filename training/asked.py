"""Requests about a conversation, as they come in, and what the model makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from training.contracts import Message, RankedCompletion
from training.data import Encoder, TooLong
from training.decoding import Request


@dataclass(frozen=True)
class Asked:
    """One request, as it came in."""

    id: str
    model: str
    messages: list[Message]
    requests: list[Request]
    max_new_tokens: int

    @property
    def kind(self) -> tuple[str, int, int]:
        """What requests of one batch have in common."""
        return self.model, len(self.requests), self.max_new_tokens


@dataclass(frozen=True)
class Written:
    """Replies of others to a conversation, that a model is to learn from."""

    id: str
    model: str
    messages: list[Message]
    replies: list[str]


class Refused(Exception):
    """A request that cannot be answered however often it is made."""


def parse(line: dict[str, Any]) -> Asked:
    """A request; raises :class:`KeyError`, :class:`TypeError` or :class:`ValueError` for anything else."""
    requests = [
        Request(0, int(each["seed"]), float(each["temperature"]), float(each["top_p"]))
        for each in line["replies"]
    ]
    messages = _messages(line)
    if not requests or not messages:
        raise ValueError("a request asks for a reply to a conversation")
    return Asked(str(line["id"]), str(line["model"]), messages, requests, int(line["max_new_tokens"]))


def parse_written(line: dict[str, Any]) -> Written:
    """Replies of others; raises as :func:`parse` does."""
    replies = [str(text) for text in line["written"]]
    messages = _messages(line)
    if not replies or not messages:
        raise ValueError("written are replies to a conversation")
    return Written(str(line["id"]), str(line["model"]), messages, replies)


def require_learnable(encoder: Encoder, written: Written) -> None:
    """Raises :class:`Refused` where a model could not be trained on the replies."""
    _prompt(encoder, written.messages)
    _refuse_control_words(encoder, written.replies, "A reply")
    try:
        encoder.group("of a chat", written.messages, [RankedCompletion(text) for text in written.replies])
    except TooLong as problem:
        raise Refused(
            "With these replies the conversation is longer than the model can read that learns from it "
            f"({encoder.context} tokens): write less, or finish it and begin another."
        ) from problem


def prompt_ids(encoder: Encoder, asked: Asked) -> list[int]:
    """The conversation's token ids; raises :class:`Refused` where the model cannot take it."""
    ids = _prompt(encoder, asked.messages)
    if len(ids) + asked.max_new_tokens > encoder.context:
        raise Refused(
            f"This conversation is {len(ids)} tokens; with {asked.max_new_tokens} for a reply it exceeds the "
            f"model's context of {encoder.context}: write less, or finish it and begin another."
        )
    return ids


def _messages(line: dict[str, Any]) -> list[Message]:
    return [{"role": str(turn["role"]), "content": str(turn["content"])} for turn in line["messages"]]


def _prompt(encoder: Encoder, messages: list[Message]) -> list[int]:
    _refuse_control_words(encoder, [turn["content"] for turn in messages], "The conversation")
    try:
        return encoder.prompt(messages)
    except Exception as problem:
        # Templates are programs of the model's makers, and refuse by whatever exception they like.
        raise Refused(f"The model's chat template refuses this conversation: {problem}") from problem


def _refuse_control_words(encoder: Encoder, texts: Sequence[str], what: str) -> None:
    for word in encoder.tokenizer.all_special_tokens:
        if any(word in text for text in texts):
            raise Refused(f"{what} holds {word}, a control word of the model: put it otherwise.")
