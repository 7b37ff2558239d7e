"""A request for replies to a conversation, as it comes in, and what the model makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from training.contracts import Message
from training.data import Encoder
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


class Refused(Exception):
    """A request that cannot be answered however often it is made."""


def parse(line: dict[str, Any]) -> Asked:
    """A request; raises :class:`KeyError`, :class:`TypeError` or :class:`ValueError` for anything else."""
    requests = [
        Request(0, int(each["seed"]), float(each["temperature"]), float(each["top_p"]))
        for each in line["replies"]
    ]
    messages: list[Message] = [
        {"role": str(turn["role"]), "content": str(turn["content"])} for turn in line["messages"]
    ]
    if not requests or not messages:
        raise ValueError("a request asks for a reply to a conversation")
    return Asked(str(line["id"]), str(line["model"]), messages, requests, int(line["max_new_tokens"]))


def prompt_ids(encoder: Encoder, asked: Asked) -> list[int]:
    """The conversation's token ids; raises :class:`Refused` where the model cannot take it."""
    for word in encoder.tokenizer.all_special_tokens:
        if any(word in turn["content"] for turn in asked.messages):
            raise Refused(f"The conversation holds {word}, a control word of the model: put it otherwise.")
    try:
        ids = encoder.prompt(asked.messages)
    except Exception as problem:
        # Templates are programs of the model's makers, and refuse by whatever exception they like.
        raise Refused(f"The model's chat template refuses this conversation: {problem}") from problem
    if len(ids) + asked.max_new_tokens > encoder.context:
        raise Refused(
            f"This conversation is {len(ids)} tokens; with {asked.max_new_tokens} for a reply it exceeds the "
            f"model's context of {encoder.context}: write less, or finish it and begin another."
        )
    return ids
