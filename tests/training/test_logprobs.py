"""The shared-prompt forward against separate rows through the models' own attention."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, PreTrainedModel

from training.attention import NAME
from training.logprobs import completion_heads, completion_logprobs, sequence_kl, sums_in_batches
from training.segments import Group

GROUPS = [
    Group([5, 9, 17, 33, 60], [[7, 8, 0], [12], [40, 41, 42, 43, 44, 0], [7, 8, 9]]),
    Group([80], [[90, 91], [92, 0]]),
    Group(list(range(10, 30)), [[100, 101, 102]]),
]
ARCHITECTURES = ["llama", "qwen2", "gpt2"]


def separate_logprobs(model: PreTrainedModel, groups: list[Group]) -> torch.Tensor:
    """Each completion in its own row, by the model's eager attention."""
    values = []
    for group in groups:
        for completion in group.completions:
            ids = torch.tensor([group.prompt + completion])
            logprobs = torch.log_softmax(model(ids).logits[0, :-1], dim=-1)
            own = logprobs.gather(1, ids[0, 1:, None])[:, 0]
            values.append(own[len(group.prompt) - 1 :].sum())
    return torch.stack(values)


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_it_equals_separate_rows_in_values_and_gradients(
    kind: str, model_folder: Callable[[str], str]
) -> None:
    shared = AutoModelForCausalLM.from_pretrained(model_folder(kind), attn_implementation=NAME)
    plain = AutoModelForCausalLM.from_pretrained(model_folder(kind), attn_implementation="eager")
    weights = torch.tensor([1.0, -0.5, 0.3, 2.0, 1.0, -1.0, 0.7])
    ours, theirs = completion_logprobs(shared, GROUPS).sums(), separate_logprobs(plain, GROUPS)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)
    (ours * weights).sum().backward()
    (theirs * weights).sum().backward()
    for (name, own), other in zip(shared.named_parameters(), plain.parameters(), strict=True):
        assert own.grad is not None
        assert other.grad is not None
        error = (own.grad - other.grad).norm() / (other.grad.norm() + 1e-6)
        assert error < 1e-4, name


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_it_reads_the_reward_at_each_completions_own_last_token(
    kind: str, model_folder: Callable[[str], str]
) -> None:
    torch.manual_seed(0)
    model = AutoModelForSequenceClassification.from_pretrained(
        model_folder(kind), num_labels=1, attn_implementation="eager"
    )
    expected = []
    for group in GROUPS:
        for completion in group.completions:
            hidden = model.base_model(torch.tensor([group.prompt + completion])).last_hidden_state
            expected.append(model.score(hidden[0, -1])[0])
    model.set_attn_implementation(NAME)
    torch.testing.assert_close(
        completion_heads(model, GROUPS)[:, 0], torch.stack(expected), rtol=1e-4, atol=1e-4
    )


def test_it_scores_the_same_however_groups_are_batched(model_folder: Callable[[str], str]) -> None:
    model = AutoModelForCausalLM.from_pretrained(model_folder("llama"), attn_implementation=NAME)
    together = [own for batch in sums_in_batches(model, GROUPS, 1000) for own in batch]
    apart = [own for batch in sums_in_batches(model, GROUPS, 1) for own in batch]
    for ours, theirs in zip(together, apart, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_it_finds_no_divergence_of_a_model_from_itself(model_folder: Callable[[str], str]) -> None:
    model = AutoModelForCausalLM.from_pretrained(model_folder("llama"), attn_implementation=NAME)
    assert sequence_kl(model, model, GROUPS).tolist() == [0.0] * 7


def test_it_sums_the_divergence_of_next_token_distributions(model_folder: Callable[[str], str]) -> None:
    ours = AutoModelForCausalLM.from_pretrained(model_folder("llama"), attn_implementation=NAME)
    theirs = AutoModelForCausalLM.from_pretrained(model_folder("llama"), attn_implementation=NAME)
    with torch.no_grad():
        theirs.lm_head.weight.mul_(0.5)
    group = Group([5, 9], [[7, 8]])
    rows = [
        model.set_attn_implementation("eager") or model(torch.tensor([[5, 9, 7]])).logits[0, 1:]
        for model in (ours, theirs)
    ]
    p, q = (torch.distributions.Categorical(logits=logits) for logits in rows)
    expected = torch.distributions.kl_divergence(p, q).sum().item()
    for model in (ours, theirs):
        model.set_attn_implementation(NAME)
    assert sequence_kl(ours, theirs, [group]).item() == pytest.approx(expected, rel=1e-4)
