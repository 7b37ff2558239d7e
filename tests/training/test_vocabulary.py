from __future__ import annotations

import pytest
import torch

from training import vocabulary
from training.vocabulary import Head, target_logprobs


@pytest.mark.parametrize(
    ("cap", "scale", "temperature"), [(None, 1.0, 1.0), (None, 0.5, 0.7), (3.0, 2.0, 0.7)]
)
@pytest.mark.parametrize("chunk", [60, 1 << 22])
def test_it_equals_a_softmax_over_kept_logits_in_values_and_gradients(
    monkeypatch: pytest.MonkeyPatch, cap: float | None, scale: float, temperature: float, chunk: int
) -> None:
    monkeypatch.setattr(vocabulary, "CHUNK", chunk)
    torch.manual_seed(0)
    hidden, weight = torch.randn(7, 8, requires_grad=True), torch.randn(30, 8, requires_grad=True)
    targets, upstream = torch.randint(0, 30, (7,)), torch.randn(7)
    head = Head(weight, None, scale, cap)
    ours = target_logprobs(head, hidden, targets, temperature)
    raw = hidden @ weight.T * scale
    logits = raw if cap is None else cap * torch.tanh(raw / cap)
    theirs = torch.log_softmax(logits / temperature, dim=-1)[torch.arange(7), targets]
    torch.testing.assert_close(ours, theirs)
    gradients = [torch.autograd.grad((own * upstream).sum(), (hidden, weight)) for own in (ours, theirs)]
    for own, other in zip(*gradients, strict=True):
        torch.testing.assert_close(own, other)


def test_it_keeps_nothing_as_large_as_the_logits_where_the_head_is_frozen() -> None:
    hidden, weight = torch.randn(50, 8, requires_grad=True), torch.randn(1000, 8)
    sizes: list[int] = []

    def note(saved: torch.Tensor) -> torch.Tensor:
        sizes.append(saved.numel())
        return saved

    with torch.autograd.graph.saved_tensors_hooks(note, lambda saved: saved):
        target_logprobs(Head(weight, None, 1.0, None), hidden, torch.zeros(50, dtype=torch.long))
    assert sizes
    assert max(sizes) <= hidden.numel()


def test_it_adds_a_bias_that_a_head_has() -> None:
    hidden, weight, bias = torch.randn(3, 4), torch.randn(9, 4), torch.randn(9)
    targets = torch.tensor([0, 5, 8])
    expected = torch.log_softmax(hidden @ weight.T + bias, dim=-1)[torch.arange(3), targets]
    torch.testing.assert_close(target_logprobs(Head(weight, bias, 1.0, None), hidden, targets), expected)
