"""The rows of the files that pass between the platform and a stage: one JSON object a line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypedDict

MAX_MARGIN = 3
"""Margin levels run from 0 (negligibly better or unsure) to 3 (significantly better)."""
SOURCES = ("human", "judge", "reward_model")
"""Who makes rankings: a person, a language model that is asked to judge, or the campaign's reward model."""


class Message(TypedDict):
    """One turn of a conversation; ``role`` is ``system``, ``user`` or ``assistant``."""

    role: str
    content: str


@dataclass(frozen=True)
class PromptRow:
    """One prompt to sample from: a conversation that ends in a user turn.

    Replies to a ``safety`` prompt are judged by the safety model alone, where a job names one.
    """

    prompt_id: str
    messages: list[Message]
    safety: bool = False


@dataclass(frozen=True)
class CompletionRow:
    """One sampled reply, as the sample stage writes it.

    ``token_ids`` are the tokens as sampled (with the end-of-sequence token exactly when the model
    produced it); ``logprobs`` are natural logs under the sampling policy at temperature 1, one a token.
    ``finish`` is ``stop`` (the model ended the reply) or ``length`` (it was cut; no EOS was added).
    """

    prompt_id: str
    index: int
    text: str
    token_ids: list[int]
    logprobs: list[float]
    temperature: float
    top_p: float
    seed: int
    finish: Literal["stop", "length"]


@dataclass(frozen=True)
class RankedCompletion:
    """A completion inside a ranking; ``token_ids`` is empty when the reply was not sampled by us.

    What the annotator said of it, where the campaign asks: whether it is ``safe``, the campaign's own
    ``attributes`` (a level, an option, or a list of options), a ``thumb``, the reasons it was flagged for
    (``flags``), and a better text (``edit``).
    """

    text: str
    token_ids: list[int] = field(default_factory=list)
    finish: Literal["stop", "length"] = "stop"
    completion_id: str = ""
    safe: bool | None = None
    attributes: dict[str, int | str | list[str]] = field(default_factory=dict)
    thumb: Literal["up", "down"] | None = None
    flags: list[str] = field(default_factory=list)
    edit: str | None = None


@dataclass(frozen=True)
class RankingRow:
    """One annotation: K completions of a prompt in the order that one annotator put them.

    ``completions`` is ordered best first. ``gaps`` has K - 1 entries, the margin level (0 to 3) between
    neighbours, or None where the annotator called the two equal. ``fold`` is ``heldout`` for rankings
    that no stage may train on. ``source`` is one of :data:`SOURCES`; a stage weighs each as its params say.
    """

    prompt_id: str
    messages: list[Message]
    completions: list[RankedCompletion]
    gaps: list[int | None]
    fold: Literal["train", "heldout"] = "train"
    round: int = 0
    annotator: str = ""
    weight: float = 1.0
    all_bad: bool = False
    source: str = "human"


@dataclass(frozen=True)
class EvaluatedSample:
    """A held-out reply as the evaluate stage scored it; ``length`` is in tokens, ``reward`` normalised.

    ``safe`` is the chance that it is safe, where the job names a safety model; the reward is then a logit.
    """

    text: str
    reward: float
    length: int
    finish: Literal["stop", "length"]
    safe: float | None = None


@dataclass(frozen=True)
class EvaluationRow:
    """The replies of three policies to one held-out prompt: challenger, the round's start, the base."""

    prompt_id: str
    messages: list[Message]
    index: int
    challenger: EvaluatedSample
    start: EvaluatedSample
    base: EvaluatedSample


def pair_margins(gaps: list[int | None]) -> list[tuple[int, int, int]]:
    """Every pair that a ranking states, as ``(better, worse, level)`` indices into its completions.

    The level of a pair is the sum of the gaps between, at most 3. Completions joined by "equal"
    gaps only are tied and give no pair; an equal gap counts 0 in the sum of a longer span.

    >>> pair_margins([2, None, 3])
    [(0, 1, 2), (0, 2, 2), (0, 3, 3), (1, 3, 3), (2, 3, 3)]
    """
    pairs: list[tuple[int, int, int]] = []
    for better in range(len(gaps)):
        level, tied = 0, True
        for worse in range(better + 1, len(gaps) + 1):
            gap = gaps[worse - 1]
            tied = tied and gap is None
            level = min(MAX_MARGIN, level + (gap or 0))
            if not tied:
                pairs.append((better, worse, level))
    return pairs


@dataclass(frozen=True)
class DialogueRow:
    """A conversation that ends in the assistant turn to be learnt; earlier turns are its prompt."""

    messages: list[Message]
    fold: Literal["train", "heldout"] = "train"
    weight: float = 1.0
