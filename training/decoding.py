"""Drawing K replies a prompt: the prompt is run once, its siblings share its cache, finished rows leave.

Each reply has its own random stream, a function of the seed, the prompt and its index, so what is drawn
does not depend on which prompts share a batch (up to floating-point rounding).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedModel

from training.forward import way_of
from training.own_cache import Decoder, OwnPrompts
from training.shared_cache import SharedPrompts

SHRINK_BELOW = 0.85
"""Finished rows are dropped from the caches once fewer than this fraction is still being written."""


@dataclass(frozen=True)
class Request:
    """One reply to draw for the prompt at ``prompt``, an index into the prompts of the batch."""

    prompt: int
    seed: int
    temperature: float
    top_p: float


@dataclass(frozen=True)
class Reply:
    """What was drawn; ``logprobs`` are natural logs at temperature 1 under the whole distribution."""

    token_ids: list[int]
    logprobs: list[float]
    stopped: bool


def reply_seed(seed: int, prompt_id: str, index: int) -> int:
    """A 48-bit seed for one reply, the same wherever and beside whatever it is drawn."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{prompt_id}/{index}".encode()).digest()[:6], "big")


def _restrict(probabilities: Tensor, top_p: Tensor) -> Tensor:
    """Zero all but the likeliest tokens whose mass reaches ``top_p`` (Holtzman et al. 2020); ``[R, V]``."""
    ordered, order = probabilities.sort(dim=-1, descending=True)
    outside = ordered.cumsum(dim=-1) - ordered >= top_p[:, None]
    return probabilities.scatter(1, order, ordered.masked_fill(outside, 0.0))


def draw(logits: Tensor, temperature: Tensor, top_p: Tensor, uniform: Tensor) -> Tensor:
    """One token a row by inverting the cumulative distribution at ``uniform``; ``[R, V]`` to ``[R]``.

    A temperature of 0 takes the likeliest token.
    """
    greedy = temperature == 0
    probabilities = torch.softmax(logits / temperature.masked_fill(greedy, 1.0)[:, None], dim=-1)
    if bool((top_p < 1).any()):
        probabilities = _restrict(probabilities, top_p)
    cumulative = probabilities.cumsum(dim=-1)
    target = uniform[:, None] * cumulative[:, -1:]
    tokens = torch.searchsorted(cumulative, target, right=True)[:, 0].clamp_(max=logits.shape[1] - 1)
    return torch.where(greedy, logits.argmax(dim=-1), tokens)


def _uniforms(seed: int, count: int) -> Tensor:
    return torch.rand(count, generator=torch.Generator().manual_seed(seed))


@dataclass(frozen=True)
class Drawn:
    """One step: what each of ``rows`` (indices of requests) drew, all ``[R]``.

    ``running`` is False for rows that had ended before; what they drew means nothing.
    """

    rows: Tensor
    tokens: Tensor
    logprobs: Tensor
    running: Tensor


def sample_replies(
    policy: PreTrainedModel,
    prompts: Sequence[list[int]],
    requests: Sequence[Request],
    *,
    max_new_tokens: int,
    stop: Sequence[int],
) -> Iterator[int | list[Reply]]:
    """Draw every request; those of one prompt stand together and are equally many for each prompt.

    Yields after each step how many tokens it drew, and at last the replies in the order of the requests.
    """
    tokens = torch.zeros(len(requests), max_new_tokens, dtype=torch.long, device=policy.device)
    scores = torch.zeros(len(requests), max_new_tokens, device=policy.device)
    steps = draw_steps(policy, prompts, requests, max_new_tokens=max_new_tokens, stop=stop)
    for step, drawn in enumerate(steps):
        tokens[drawn.rows, step] = drawn.tokens
        scores[drawn.rows, step] = drawn.logprobs
        yield int(drawn.running.sum())
    yield [
        _reply(ids, values, set(stop)) for ids, values in zip(tokens.tolist(), scores.tolist(), strict=True)
    ]


@torch.no_grad()
def draw_steps(
    policy: PreTrainedModel,
    prompts: Sequence[list[int]],
    requests: Sequence[Request],
    *,
    max_new_tokens: int,
    stop: Sequence[int],
) -> Iterator[Drawn]:
    """Draw every request as :func:`sample_replies` does; yields each token as it comes."""
    device = policy.device
    uniforms = torch.stack([_uniforms(request.seed, max_new_tokens) for request in requests]).to(device)
    temperature = torch.tensor([request.temperature for request in requests], device=device)
    top_p = torch.tensor([request.top_p for request in requests], device=device)
    stops = torch.tensor(stop, device=device)
    owners = [request.prompt for request in requests]
    decoder = _decoder(policy, prompts, owners, max_new_tokens)
    logits = decoder.logits
    position = torch.tensor([len(prompts[owner]) for owner in owners], device=device)
    alive = torch.arange(len(requests), device=device)
    running = torch.ones(len(requests), dtype=torch.bool, device=device)
    for step in range(max_new_tokens):
        tokens = draw(logits, temperature[alive], top_p[alive], uniforms[alive, step])
        logprobs = torch.log_softmax(logits, dim=-1).gather(1, tokens[:, None])[:, 0]
        yield Drawn(alive, tokens, logprobs, running)
        running = running & ~torch.isin(tokens, stops)
        if not bool(running.any()) or step + 1 == max_new_tokens:
            break
        if float(running.float().mean()) < SHRINK_BELOW:
            rows = decoder.keep(running.nonzero()[:, 0].tolist())
            alive, tokens, position, running = alive[rows], tokens[rows], position[rows], running[rows]
        logits = decoder.step(tokens, position)
        position = position + 1


def _decoder(
    policy: PreTrainedModel, prompts: Sequence[list[int]], owners: Sequence[int], steps: int
) -> Decoder:
    if way_of(policy, max(map(len, prompts)) + steps) == "parts":
        return SharedPrompts(policy, prompts, owners, steps)
    return OwnPrompts(policy, [prompts[owner] for owner in owners])


def _reply(ids: list[int], logprobs: list[float], stops: set[int]) -> Reply:
    for index, token in enumerate(ids):
        if token in stops:
            return Reply(ids[: index + 1], logprobs[: index + 1], stopped=True)
    return Reply(ids, logprobs, stopped=False)
