"""Drawing K replies a prompt: the prompt is run once, its siblings share its cache, finished rows leave.

Each reply has its own random stream, a function of the seed, the prompt and its index, so what is drawn
does not depend on which prompts share a batch (up to floating-point rounding).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedModel

from training.attention import RowParts
from training.segments import Group, lay_out

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


class DecodeParts:
    """Attention of one new token a row over its prompt's shared cache and its own.

    Rows of one prompt stand together. ``prompt_keys`` is ``[P, kv_heads, L, d]`` a layer, padded and
    masked; the rows' own keys are preallocated ``[R, kv_heads, steps, d]``.
    """

    def __init__(
        self,
        prompts: dict[int, tuple[Tensor, Tensor]],
        lengths: Sequence[int],
        owners: Sequence[int],
        steps: int,
    ) -> None:
        self._owners = list(owners)
        self._step = 0
        longest = max(lengths)
        self._prompt: dict[int, tuple[Tensor, Tensor]] = {}
        self._own: dict[int, tuple[Tensor, Tensor]] = {}
        for layer, (key, value) in prompts.items():
            self._prompt[layer] = (_padded(key, lengths, longest), _padded(value, lengths, longest))
            shape = (len(owners), key.shape[1], steps, key.shape[3])
            self._own[layer] = (key.new_empty(shape), key.new_empty(shape))
        sample = prompts[0][0]
        ends = torch.tensor(lengths, device=sample.device)
        padding = torch.arange(longest, device=sample.device)[None, :] >= ends[:, None]
        self._mask = torch.zeros_like(padding, dtype=sample.dtype).masked_fill(padding, -torch.inf)
        self._runs = self._find_runs()

    def _find_runs(self) -> list[tuple[int, int]]:
        """Runs of prompts with equally many rows, which attend together: ``(rows a prompt, prompts)``."""
        return sorted(Counter(Counter(self._owners).values()).items())

    def advance(self) -> None:
        """Go on to the next token."""
        self._step += 1

    def keep(self, rows: Sequence[int]) -> Tensor:
        """Drop all rows but these, and reorder them; returns the indices of the rows as they now stand."""
        left = Counter(self._owners[row] for row in rows)
        rows = sorted(rows, key=lambda row: (left[self._owners[row]], self._owners[row]))
        index = torch.tensor(rows, device=self._mask.device)
        remaining = [self._owners[row] for row in rows]
        prompts = list(dict.fromkeys(remaining))
        prompt_index = torch.tensor(prompts, device=self._mask.device)
        renamed = {prompt: number for number, prompt in enumerate(prompts)}
        self._owners = [renamed[prompt] for prompt in remaining]
        self._mask = self._mask[prompt_index]
        for layer, (keys, values) in self._own.items():
            self._own[layer] = (_kept(keys, index, self._step), _kept(values, index, self._step))
            prompt_keys, prompt_values = self._prompt[layer]
            self._prompt[layer] = (prompt_keys[prompt_index], prompt_values[prompt_index])
        self._runs = self._find_runs()
        return index

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
        """See :class:`~training.attention.Parts`; B is the rows and T is 1."""
        own_keys, own_values = self._own[layer]
        own_keys[:, :, self._step] = key[:, :, 0]
        own_values[:, :, self._step] = value[:, :, 0]
        seen = self._step + 1
        prompt_keys, prompt_values = self._prompt[layer]
        rows, kv_heads, width = key.shape[0], key.shape[1], key.shape[3]
        query = query.reshape(rows, kv_heads, -1, width) * scale
        own_scores = query @ own_keys[:, :, :seen].transpose(2, 3)
        outputs = []
        row = prompt = 0
        for siblings, members in self._runs:
            next_row, next_prompt = row + siblings * members, prompt + members
            outputs.append(
                _merged(
                    query[row:next_row],
                    own_scores[row:next_row],
                    own_values[row:next_row, :, :seen],
                    prompt_keys[prompt:next_prompt],
                    prompt_values[prompt:next_prompt],
                    self._mask[prompt:next_prompt],
                )
            )
            row, prompt = next_row, next_prompt
        return torch.cat(outputs).reshape(rows, -1, 1, width)


def _merged(
    query: Tensor, own_scores: Tensor, own_values: Tensor, keys: Tensor, values: Tensor, mask: Tensor
) -> Tensor:
    """One softmax over the prompt and the row's own tokens, ``[rows, kv_heads, g, d]``."""
    prompts, kv_heads, length, width = keys.shape
    rows, _, grouped, _ = query.shape
    siblings = rows // prompts
    by_prompt = query.view(prompts, siblings, kv_heads, grouped, width).transpose(1, 2)
    by_prompt = by_prompt.reshape(prompts, kv_heads, siblings * grouped, width)
    scores = by_prompt @ keys.transpose(2, 3) + mask[:, None, None, :]
    scores = scores.view(prompts, kv_heads, siblings, grouped, length).transpose(1, 2)
    scores = scores.reshape(rows, kv_heads, grouped, length)
    weights = torch.cat([scores, own_scores], dim=3).softmax(dim=3)
    on_prompt = weights[..., :length].view(prompts, siblings, kv_heads, grouped, length).transpose(1, 2)
    from_prompt = on_prompt.reshape(prompts, kv_heads, siblings * grouped, length) @ values
    from_prompt = from_prompt.view(prompts, kv_heads, siblings, grouped, width).transpose(1, 2)
    return weights[..., length:] @ own_values + from_prompt.reshape(rows, kv_heads, grouped, width)


def _padded(ragged: Tensor, lengths: Sequence[int], longest: int) -> Tensor:
    """``[1, heads, sum, d]`` to ``[P, heads, longest, d]``, zeros after each end."""
    padded = ragged.new_zeros(len(lengths), ragged.shape[1], longest, ragged.shape[3])
    for index, part in enumerate(ragged[0].split(list(lengths), dim=1)):
        padded[index, :, : part.shape[1]] = part
    return padded


def _kept(cache: Tensor, index: Tensor, seen: int) -> Tensor:
    smaller = cache.new_empty(len(index), *cache.shape[1:])
    smaller[:, :, :seen] = cache[index, :, :seen]
    return smaller


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
    parts, logits = _prefill(policy, prompts, owners, max_new_tokens)
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
            rows = parts.keep(running.nonzero()[:, 0].tolist())
            alive, tokens, position, running = alive[rows], tokens[rows], position[rows], running[rows]
        logits = (
            policy(input_ids=tokens[:, None], position_ids=position[:, None], use_cache=False, parts=parts)
            .logits[:, 0]
            .float()
        )
        parts.advance()
        position = position + 1


def _prefill(
    policy: PreTrainedModel, prompts: Sequence[list[int]], owners: Sequence[int], steps: int
) -> tuple[DecodeParts, Tensor]:
    """Run each prompt once; returns the caches and each row's first logits, ``[R, V]``."""
    row = lay_out([Group(prompt, []) for prompt in prompts], policy.device)
    parts = RowParts(row, keep=True)
    ends = torch.tensor([span.prompt_end - 1 for span in row.spans], device=policy.device)
    logits = policy(
        input_ids=row.ids, position_ids=row.positions, use_cache=False, logits_to_keep=ends, parts=parts
    ).logits[0]
    decode = DecodeParts(parts.kept, [len(prompt) for prompt in prompts], owners, steps)
    return decode, logits[torch.tensor(owners, device=policy.device)].float()


def _reply(ids: list[int], logprobs: list[float], stops: set[int]) -> Reply:
    for index, token in enumerate(ids):
        if token in stops:
            return Reply(ids[: index + 1], logprobs[: index + 1], stopped=True)
    return Reply(ids, logprobs, stopped=False)
