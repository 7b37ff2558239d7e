"""From rows of text to token ids: prompts rendered, completions as they were sampled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from training.contracts import (
    ContractError,
    Message,
    RankedCompletion,
    RankingRow,
    pair_margins,
    read_rankings,
)
from training.losses import Pair
from training.params.sources import RankingParams
from training.segments import Group

PLAIN_TURNS = {
    "system": "{content}\n\n",
    "user": "User: {content}\n\n",
    "assistant": "Assistant: {content}\n\n",
}
"""How a conversation reads for a model that has no chat template; ``Assistant:`` opens the reply."""


class TooLong(ContractError):
    """A prompt and a reply are more than the model sees at once."""


@dataclass(frozen=True)
class Encoder:
    """Turns conversations and replies into token ids for one model.

    ``context`` is the most tokens that the model can see; ``vocabulary`` bounds its token ids.
    """

    tokenizer: PreTrainedTokenizerBase
    context: int
    vocabulary: int

    def prompt(self, messages: list[Message]) -> list[int]:
        """Token ids of the conversation up to where the reply begins."""
        tokenizer = self.tokenizer
        if tokenizer.chat_template:
            turns = [{"role": turn["role"], "content": turn["content"]} for turn in messages]
            text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
            return list(tokenizer(text, add_special_tokens=False)["input_ids"])
        text = "".join(
            PLAIN_TURNS.get(turn["role"], PLAIN_TURNS["user"]).format(content=turn["content"])
            for turn in messages
        )
        ids = list(tokenizer(text + "Assistant:")["input_ids"])
        return ids[:-1] if ids[-1] == tokenizer.eos_token_id else ids

    def completion(self, completion: RankedCompletion) -> list[int]:
        """Token ids of a reply: as sampled where we sampled it, else of its text, and EOS if it stopped."""
        if completion.token_ids:
            return completion.token_ids
        ids = list(self.tokenizer(completion.text, add_special_tokens=False)["input_ids"])
        eos = self.tokenizer.eos_token_id
        return ids if completion.finish == "length" or eos is None else [*ids, eos]

    def shares_tokens(self, other: Encoder) -> bool:
        """Whether a token id means the same to both."""
        return bool(self.tokenizer.get_vocab() == other.tokenizer.get_vocab())

    def text(self, token_ids: list[int]) -> str:
        """The words of a reply, without special tokens and outer blanks."""
        return str(self.tokenizer.decode(token_ids, skip_special_tokens=True)).strip()

    def group(self, name: str, messages: list[Message], completions: list[RankedCompletion]) -> Group:
        """A prompt and its replies; raises :class:`ContractError` where the model cannot take them."""
        group = Group(self.prompt(messages), [self.completion(item) for item in completions])
        if not group.prompt or not all(group.completions):
            raise ContractError(f"The prompt {name} or one of its completions has no tokens.")
        longest = len(group.prompt) + max(map(len, group.completions))
        if longest > self.context:
            raise TooLong(
                f"The prompt {name} with its longest completion is {longest} tokens; "
                f"the model's context is {self.context}."
            )
        highest = max(group.prompt + [token for ids in group.completions for token in ids])
        if highest >= self.vocabulary:
            raise ContractError(
                f"The prompt {name} has token id {highest}, but the model's vocabulary is {self.vocabulary}: "
                "its completions were sampled from a model with another tokenizer."
            )
        return group


@dataclass(frozen=True)
class Ranking:
    """A ranking ready to train on: completions best first, and every pair that it states.

    ``safe`` is what was said of each completion, in their order.
    """

    prompt_id: str
    group: Group
    pairs: list[Pair]
    weight: float
    round: int = 0
    source: str = "human"
    safe: tuple[bool | None, ...] = ()

    @property
    def tokens(self) -> int:
        """Tokens that a forward pass over it runs."""
        return self.group.tokens

    def share(self, reduction: str) -> float:
        """Its part of a batch: as one element (``prompts``), or as many as it has pairs (``pairs``)."""
        return self.weight * (max(1, len(self.pairs)) if reduction == "pairs" else 1)


@dataclass(frozen=True)
class Rankings:
    """The rankings of a job by fold; those without a pair (all tied) or of weight 0 are dropped."""

    train: list[Ranking]
    heldout: list[Ranking]


def load_rankings(
    paths: Iterable[str], encoder: Encoder, params: RankingParams, *, may_be_empty: bool = False
) -> Rankings:
    """Read and encode ranking files, each row weighed by its source as ``params`` say.

    Raises :class:`ContractError` when nothing is left to train on, unless that ``may_be_empty``.
    """
    folds: dict[str, list[Ranking]] = {"train": [], "heldout": []}
    paths = list(paths)
    for path in paths:
        for row in read_rankings(Path(path)):
            ranking = encode_ranking(row, encoder, row.weight * params.weight_of(row.source))
            if ranking.pairs and ranking.weight > 0:
                folds[row.fold].append(ranking)
    if not folds["train"] and not may_be_empty:
        raise ContractError(
            f"The {len(paths)} rankings files hold no pair to train on: "
            "no row of the train fold prefers one completion to another."
        )
    return Rankings(folds["train"], folds["heldout"])


def encode_ranking(row: RankingRow, encoder: Encoder, weight: float) -> Ranking:
    """A row in the tokens of a model; raises :class:`ContractError` where the model cannot take it."""
    group = encoder.group(row.prompt_id, row.messages, row.completions)
    safe = tuple(completion.safe for completion in row.completions)
    return Ranking(row.prompt_id, group, pair_margins(row.gaps), weight, row.round, row.source, safe)
