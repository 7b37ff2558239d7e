"""The params of the judge stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from training.params.declare import param


@dataclass(frozen=True)
class JudgeParams:
    """The judge stage."""

    judge: Literal["policy", "endpoint"] = param(
        "policy", "who judges: job.policy itself, or a model of an OpenAI-compatible server"
    )
    url: str = param("", "endpoint: the server's base address, as in http://gpu1:8000/v1")
    model: str = param("", "endpoint: the name of the model there")
    key_variable: str = param(
        "JUDGE_API_KEY", "endpoint: the environment variable that holds the key, if it is set"
    )
    criteria: str = param("helpful, honest and harmless", "what makes a reply the better one")
    most_completions: int = param(4, "replies of a prompt that are compared, two at a time; at least 2")
    tie_below: float = param(0.1, "a preference weaker than this, of 1, is a tie")
    round: int = param(0, "the round that the rankings are marked with")
    max_new_tokens: int = param(512, "endpoint: tokens that the judge may think and answer in")
    timeout_seconds: float = param(60.0, "endpoint: how long one answer may take")
    retries: int = param(4, "endpoint: how often a question is asked again that got no answer")
    parallel: int = param(4, "endpoint: questions asked at once")
    least_answered: float = param(
        0.5, "the stage fails when fewer of the questions than this share got a verdict"
    )
    micro_tokens: int = param(4096, "policy: tokens a forward pass")
