from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from transformers import AutoModelForCausalLM, PreTrainedModel

from training.attention import NAME
from training.decoding import Reply, Request, draw, reply_seed, sample_replies
from training.logprobs import completion_logprobs
from training.segments import Group

PROMPTS = [[5, 9, 17, 33, 60], [80], list(range(10, 40))]


def sample(
    model: PreTrainedModel,
    prompts: list[list[int]],
    *,
    k: int,
    temperature: float = 1.0,
    top_p: float = 1.0,
    steps: int = 24,
    stop: tuple[int, ...] = (0,),
) -> list[Reply]:
    requests = [
        Request(number, reply_seed(1, str(prompt), index), temperature, top_p)
        for number, prompt in enumerate(prompts)
        for index in range(k)
    ]
    last: list[Reply] = []
    for drawn in sample_replies(model, prompts, requests, max_new_tokens=steps, stop=stop):
        if isinstance(drawn, list):
            last = drawn
    return last


@pytest.fixture(params=["llama", "qwen2", "gpt2"])
def model(request: pytest.FixtureRequest, model_folder: Callable[[str], str]) -> PreTrainedModel:
    return AutoModelForCausalLM.from_pretrained(model_folder(request.param), attn_implementation=NAME).eval()


def test_it_follows_the_likeliest_path_as_generate_does(
    model: PreTrainedModel, model_folder: Callable[[str], str]
) -> None:
    plain = AutoModelForCausalLM.from_pretrained(
        model.config._name_or_path, attn_implementation="eager"
    ).eval()
    for prompt, reply in zip(PROMPTS, sample(model, PROMPTS, k=1, temperature=0.0), strict=True):
        ids = torch.tensor([prompt])
        output = plain.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=24, do_sample=False, eos_token_id=0
        )
        assert reply.token_ids == output[0, len(prompt) :].tolist()


def test_it_reports_the_logprobs_that_a_forward_pass_gives(model: PreTrainedModel) -> None:
    # Many stop tokens, so that rows finish at different steps and caches shrink on the way.
    replies = sample(model, PROMPTS, k=4, temperature=0.8, stop=tuple(range(0, 300, 9)))
    groups = [
        Group(prompt, [r.token_ids for r in replies[4 * n : 4 * n + 4]]) for n, prompt in enumerate(PROMPTS)
    ]
    expected = completion_logprobs(model, groups).flat
    got = torch.tensor([value for reply in replies for value in reply.logprobs])
    torch.testing.assert_close(got, expected.detach(), rtol=1e-4, atol=1e-4)
    assert len({len(reply.token_ids) for reply in replies}) > 3


def test_it_draws_the_same_whatever_shares_the_batch(model: PreTrainedModel) -> None:
    stop = tuple(range(0, 300, 9))
    together = sample(model, PROMPTS, k=3, stop=stop)
    apart = [reply for prompt in PROMPTS for reply in sample(model, [prompt], k=3, stop=stop)]
    assert [reply.token_ids for reply in together] == [reply.token_ids for reply in apart]


def test_it_ends_a_reply_at_its_stop_token_and_marks_a_cut_one(model: PreTrainedModel) -> None:
    stop = set(range(0, 300, 9))
    for reply in sample(model, PROMPTS, k=4, steps=12, stop=tuple(stop)):
        assert (reply.token_ids[-1] in stop) == reply.stopped
        assert not stop & set(reply.token_ids[:-1])
        assert reply.stopped or len(reply.token_ids) == 12


def test_it_draws_in_proportion() -> None:
    logits = torch.log(torch.tensor([[0.1, 0.2, 0.7]])).expand(1000, 3)
    uniform = (torch.arange(1000) + 0.5) / 1000
    tokens = draw(logits, torch.ones(1000), torch.ones(1000), uniform)
    assert torch.bincount(tokens).tolist() == [100, 200, 700]


def test_it_keeps_the_likeliest_tokens_that_reach_top_p() -> None:
    # 0.7 alone does not reach 0.75, so 0.2 stays too and 0.1 goes; then 7/9 and 2/9 of 900 draws
    logits = torch.log(torch.tensor([[0.1, 0.2, 0.7]])).expand(900, 3)
    uniform = (torch.arange(900) + 0.5) / 900
    tokens = draw(logits, torch.ones(900), torch.full((900,), 0.75), uniform)
    assert torch.bincount(tokens).tolist() == [0, 200, 700]


def test_it_cools_each_row_by_its_own_temperature() -> None:
    logits = torch.log(torch.tensor([[0.2, 0.8]])).expand(2, 2)
    # at temperature 0.5 the odds 1:4 become 1:16, so 0.1 draws the second; at 1 it draws the first
    tokens = draw(logits, torch.tensor([1.0, 0.5]), torch.ones(2), torch.tensor([0.1, 0.1]))
    assert tokens.tolist() == [0, 1]


def test_it_gives_each_reply_its_own_seed() -> None:
    assert len({reply_seed(s, p, i) for s in (0, 1) for p in ("a", "b") for i in (0, 1)}) == 8
    assert 0 <= reply_seed(0, "a", 0) < 2**48
