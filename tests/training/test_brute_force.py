"""The reward stage against the plainest computation: one row a reply, one loop over pairs, no batch."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.tiny import make_tokenizer, ranking_rows, run_stage, write_job, write_lines
from training.contracts import JobSpec, RankedCompletion, RankingRow, read_job, read_rankings
from training.data import Encoder
from training.ensemble import head_weight
from training.logprobs import completion_heads, completion_logprobs
from training.models import load_policy, new_reward_model
from training.segments import Group

SMALL = (0.0, 1 / 3, 2 / 3, 1.0)
CENTERING = 0.05


def mixed_rows() -> list[dict[str, Any]]:
    """Rankings of K = 2 to 5 with every margin, ties, and weights that differ."""
    every: list[list[int | None]] = [[3], [0], [None, 2], [1, 1], [0, None, 3, 1], [2, 2, None, None]]
    rows = []
    for n, gaps in enumerate(every):
        row = ranking_rows(2, k=len(gaps) + 1)[n % 2]
        rows.append({**row, "prompt_id": f"p{n}", "gaps": gaps, "weight": [1.0, 0.5, 2.0][n % 3]})
    return rows


def stated(gaps: list[int | None]) -> list[tuple[int, int, int]]:
    """Every pair of different places: those joined by ties alone state nothing."""
    pairs = []
    for better, worse in itertools.combinations(range(len(gaps) + 1), 2):
        between = gaps[better:worse]
        if any(gap is not None for gap in between):
            pairs.append((better, worse, min(3, sum(gap or 0 for gap in between))))
    return pairs


def minus_log_sigmoid(value: float) -> float:
    return math.log1p(math.exp(-value))


def plackett_luce(rewards: list[float], pairs: list[tuple[int, int, int]]) -> float:
    total = 0.0
    for better in range(len(rewards)):
        field = [better, *(worse for best, worse, _ in pairs if best == better)]
        total -= math.log(math.exp(rewards[better]) / sum(math.exp(rewards[index]) for index in field))
    return total


def paid(loss: str, rewards: list[float], pairs: list[tuple[int, int, int]]) -> float:
    differences = [(rewards[better] - rewards[worse], level) for better, worse, level in pairs]
    if loss == "plackett_luce":
        return plackett_luce(rewards, pairs)
    if loss == "scaled":
        return sum(max(level, 1) * minus_log_sigmoid(d) for d, level in differences) / len(pairs)
    centred = sum((rewards[better] + rewards[worse]) ** 2 for better, worse, _ in pairs) / len(pairs)
    return (
        sum(minus_log_sigmoid(d - SMALL[level]) for d, level in differences) / len(pairs)
        + CENTERING * centred
    )


def rewards_one_by_one(job: JobSpec, rows: list[RankingRow]) -> list[list[float]]:
    """Each reply after its prompt, alone in a row, by transformers' own attention and forward."""
    model = new_reward_model(job.policy, job, job.seed)
    model.set_attn_implementation("eager")
    encoder = Encoder(make_tokenizer(), 256, 300)
    found = []
    for row in rows:
        prompt = encoder.prompt(row.messages)
        ids = [torch.tensor([prompt + encoder.completion(own)]) for own in row.completions]
        with torch.no_grad():
            hidden = [model.base_model(input_ids=one).last_hidden_state[0, -1] for one in ids]
            found.append([float(own @ head_weight(model)[0]) for own in hidden])
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("loss", "reduction"),
    [
        ("bradley_terry", "prompts"),
        ("bradley_terry", "pairs"),
        ("scaled", "prompts"),
        ("plackett_luce", "prompts"),
    ],
)
def test_it_pays_every_pair_of_every_ranking_by_its_own_margin(
    tmp_path: Path, model_folder: Callable[[str], str], loss: str, reduction: str
) -> None:
    path = write_lines(tmp_path / "rankings.jsonl", mixed_rows())
    params = {"loss": loss, "reduction": reduction, "batch_prompts": 6, "micro_tokens": 120}
    if loss == "bradley_terry":
        params["centering"] = CENTERING
    file = write_job(tmp_path, "reward", policy=model_folder("llama"), rankings=[path], params=params)
    _, metrics = run_stage(file)  # one step, whose loss is that of the untrained model

    rows = read_rankings(Path(path))
    total = shares = 0.0
    for row, rewards in zip(rows, rewards_one_by_one(read_job(file), rows), strict=True):
        pairs = stated(row.gaps)
        share = row.weight * (len(pairs) if reduction == "pairs" else 1)
        total += share * paid(loss, rewards, pairs)
        shares += share
    assert metrics["loss"] == pytest.approx(total / shares, rel=1e-5)


@pytest.fixture
def pad_is_eos() -> Encoder:
    """A tokenizer without a padding token of its own, as many come."""
    tokenizer = make_tokenizer()
    tokenizer.pad_token = tokenizer.eos_token
    return Encoder(tokenizer, 256, 300)


def test_it_rewards_the_end_of_a_reply_though_padding_is_eos(
    model_folder: Callable[[str], str], pad_is_eos: Encoder
) -> None:
    job = JobSpec("reward", "o", "w")
    model = new_reward_model(model_folder("llama"), job, seed=3)
    model.config.pad_token_id = model.config.eos_token_id
    whole, cut = RankedCompletion("warm tea"), RankedCompletion("warm tea", finish="length")
    long = RankedCompletion("thank you very much for the lovely cake")
    group = pad_is_eos.group("p", [{"role": "user", "content": "tea"}], [whole, cut, long])
    assert group.completions[0] == [*group.completions[1], model.config.eos_token_id]
    together = completion_heads(model, [group])[:, 0].tolist()
    alone = [completion_heads(model, [Group(group.prompt, [own])])[0, 0].item() for own in group.completions]
    assert together == pytest.approx(alone, abs=1e-5)
    assert abs(together[0] - together[1]) > 1e-3, "the reply that ended is another than the one that was cut"


def test_it_learns_to_stop_though_padding_is_eos(
    model_folder: Callable[[str], str], pad_is_eos: Encoder
) -> None:
    model = load_policy(model_folder("llama"), JobSpec("dpo", "o", "w"))
    eos = pad_is_eos.tokenizer.eos_token_id
    messages = [{"role": "user", "content": "tea"}]
    ended = pad_is_eos.group("p", messages, [RankedCompletion("warm tea")])  # type: ignore[arg-type]  # a turn
    logprobs = completion_logprobs(model, [ended])
    assert logprobs.lengths == [len(ended.completions[0])]
    ids = torch.tensor([ended.prompt + ended.completions[0]])
    model.set_attn_implementation("eager")
    plain = torch.log_softmax(model(input_ids=ids).logits[0, -2].float(), dim=-1)[eos]
    assert logprobs.flat[-1].item() == pytest.approx(plain.item(), abs=1e-4)
