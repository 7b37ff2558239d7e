"""Every way through a model against separate rows by its own attention, for unusual attention too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    GptOssConfig,
    MambaConfig,
    MistralConfig,
    PreTrainedConfig,
    PreTrainedModel,
)

from tests.training.tiny import make_tokenizer
from training.contracts import ContractError, JobSpec
from training.decoding import Reply, Request, sample_replies
from training.forward import Way, hidden_states_by, way_of
from training.logprobs import completion_logprobs
from training.models import encoder_for, load_policy
from training.segments import Group, lay_out

JOB = JobSpec(stage="sample", output="o", work="w")
GROUPS = [
    Group(list(range(5, 45, 3)), [[7, 8, 0], [12], [40, 41, 42, 43, 44, 0]]),
    Group([80], [[90, 91], [92, 0]]),
    Group(list(range(10, 30)), [[100, 101, 102]]),
]
SMALL: dict[str, Any] = {
    "vocab_size": 300, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 64,
    "eos_token_id": 0, "pad_token_id": 1, "bos_token_id": None,
}  # fmt: skip
UNUSUAL: dict[str, Callable[[], PreTrainedConfig]] = {
    "sliding window": lambda: MistralConfig(**SMALL, sliding_window=12),
    "soft cap and mixed windows": lambda: Gemma2Config(
        **SMALL, sliding_window=12, attn_logit_softcapping=5.0
    ),
    "sinks": lambda: GptOssConfig(**SMALL, sliding_window=12, num_local_experts=2, num_experts_per_tok=1),
}


def save(folder: Path, config: PreTrainedConfig) -> str:
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.mul_(4 if parameter.dim() > 1 else 1)
            if "sinks" in name:
                parameter.normal_()
    model.save_pretrained(folder)
    make_tokenizer().save_pretrained(folder)
    return str(folder)


def separate(model: PreTrainedModel) -> torch.Tensor:
    """Log-probabilities of each completion in its own row, by the model's eager attention and own head."""
    values = []
    for group in GROUPS:
        for completion in group.completions:
            ids = torch.tensor([group.prompt + completion])
            logprobs = torch.log_softmax(model(ids).logits[0, :-1].float(), dim=-1)
            values.append(logprobs.gather(1, ids[0, 1:, None])[len(group.prompt) - 1 :].sum())
    return torch.stack(values)


@pytest.mark.parametrize("kind", UNUSUAL)
def test_it_equals_separate_rows_whatever_the_attention(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = save(tmp_path, UNUSUAL[kind]())
    ours = load_policy(folder, JOB)
    said = capsys.readouterr().err
    assert ("runs under a mask, which is exact and slower" in said) == (kind != "sliding window")
    theirs = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()
    weights = torch.tensor([1.0, -0.5, 0.3, 2.0, 1.0, -1.0])
    values, expected = completion_logprobs(ours, GROUPS).sums(), separate(theirs)
    torch.testing.assert_close(values, expected, rtol=1e-4, atol=1e-4)
    (values * weights).sum().backward()
    (expected * weights).sum().backward()
    for (name, own), other in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        if other.grad is None or not other.grad.any():
            continue
        assert own.grad is not None, name
        assert (own.grad - other.grad).norm() < 1e-4 * other.grad.norm() + 1e-6, name


@pytest.mark.parametrize("kind", UNUSUAL)
def test_it_samples_with_the_logprobs_that_a_forward_pass_gives(tmp_path: Path, kind: str) -> None:
    model = load_policy(save(tmp_path, UNUSUAL[kind]()), JOB)
    prompts = [group.prompt for group in GROUPS]
    requests = [Request(number, 10 * number + index, 1.0, 1.0) for number in range(3) for index in range(2)]
    stop = list(range(0, 300, 9))  # many, so that rows end at different steps and leave
    replies: list[Reply] = []
    for drawn in sample_replies(model, prompts, requests, max_new_tokens=20, stop=stop):
        replies = drawn if isinstance(drawn, list) else replies
    groups = [
        Group(prompt, [reply.token_ids for reply in replies[2 * n : 2 * n + 2]])
        for n, prompt in enumerate(prompts)
    ]
    with torch.no_grad():
        expected = completion_logprobs(model, groups).flat
    got = torch.tensor([value for reply in replies for value in reply.logprobs])
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-4)
    assert len({len(reply.token_ids) for reply in replies}) > 2


@pytest.mark.parametrize("way", ["mask", "padded"])
@pytest.mark.parametrize("kind", ["llama", "qwen2", "gpt2"])
def test_it_gives_the_same_by_every_way(kind: str, way: Way, model_folder: Callable[[str], str]) -> None:
    model = load_policy(model_folder(kind), JOB)
    row = lay_out([*GROUPS, Group([3, 4, 5], [])])
    with torch.no_grad():
        expected = hidden_states_by("parts", model, row)
        torch.testing.assert_close(hidden_states_by(way, model, row), expected, rtol=1e-4, atol=1e-4)


def test_it_attends_in_parts_within_a_window_and_under_a_mask_beyond(tmp_path: Path) -> None:
    folder = save(tmp_path, UNUSUAL["sliding window"]())
    model = load_policy(folder, JOB)
    assert [way_of(model, longest) for longest in (12, 13)] == ["parts", "mask"]
    assert encoder_for(model, folder).context == 64


def test_it_refuses_a_model_whose_layers_do_not_attend(tmp_path: Path) -> None:
    config = MambaConfig(vocab_size=300, hidden_size=32, num_hidden_layers=1, state_size=4)
    with pytest.raises(ContractError, match="is a mamba, which does not attend in every layer"):
        load_policy(save(tmp_path, config), JOB)
