from __future__ import annotations

import pytest
import torch

from training.attention import attend_by_segment
from training.flash_parts import attend_in_parts
from training.segments import Group, lay_out

ROW = lay_out(
    [
        Group([1] * 7, [[2] * 3, [3], [4] * 9]),
        Group([5], [[6] * 2]),
        Group([7] * 12, []),
        Group([8] * 4, [[9] * 5]),
    ]
)


@pytest.mark.parametrize("kv_heads", [4, 2, 1])
def test_it_gives_the_same_by_parts_as_by_segment_in_values_and_gradients(kv_heads: int) -> None:
    generator = torch.Generator().manual_seed(0)
    tokens = ROW.ids.shape[1]
    query, key, value = (
        torch.randn(1, heads, tokens, 16, generator=generator, requires_grad=True)
        for heads in (4, kv_heads, kv_heads)
    )
    weights = torch.randn(1, 4, tokens, 16, generator=generator)
    outputs = (
        attend_in_parts(query, key, value, ROW.spans, 0.3),
        attend_by_segment(query, key, value, ROW, 0.3),
    )
    gradients = [torch.autograd.grad((output * weights).sum(), (query, key, value)) for output in outputs]
    torch.testing.assert_close(*outputs, rtol=1e-5, atol=1e-5)
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_it_lets_no_completion_see_its_siblings() -> None:
    inputs = [torch.randn(1, 2, ROW.ids.shape[1], 8) for _ in range(3)]
    before = attend_in_parts(inputs[0], inputs[1], inputs[2], ROW.spans, 0.5)
    sibling = ROW.spans[0].completions[0]
    for tensor in inputs[1:]:
        tensor[:, :, sibling] += 5.0
    after = attend_in_parts(inputs[0], inputs[1], inputs[2], ROW.spans, 0.5)
    changed = (before - after).abs().amax(dim=(0, 1, 3)) > 1e-6
    assert changed.nonzero()[:, 0].tolist() == list(range(sibling.start, sibling.stop))
