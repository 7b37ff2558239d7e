from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.training.stops import StopAfter
from training.batches import Shuffled
from training.contracts import ContractError
from training.engine import Loop, Objective, Summed, learning_rate_at
from training.params import LoopParams
from training.process import StopFlag, Stopped
from training.progress import Reporter


@dataclass(frozen=True)
class Point:
    x: float
    y: float
    tokens: int = 1


POINTS = [Point(float(n), 2.0 * n + 1) for n in range(10)]


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.layers = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Dropout(0.2), nn.Linear(8, 1))


def quiet() -> Reporter:
    return Reporter(as_json=True, stream=io.StringIO())


def make_loop(net: Net, work: Path, untrained: float = math.nan, **params: float) -> Loop[Point]:
    def loss(batch: Sequence[Point]) -> Summed:
        x = torch.tensor([[point.x / 10] for point in batch])
        y = torch.tensor([[point.y / 10] for point in batch])
        return Summed(((net.layers(x) - y) ** 2).sum(), {"seen": float(len(batch))}, untrained * len(batch))

    settings = LoopParams(**{"batch_prompts": 4, "epochs": 3, "save_seconds": 0, **params})  # type: ignore[arg-type]  # numbers
    return Loop(
        net,
        POINTS,
        Objective(loss, lambda point: 1.0),
        settings,
        learning_rate=0.01,
        seed=5,
        work=work,
    )


@pytest.mark.parametrize("killed_after", range(1, 9))
def test_it_resumes_bit_for_bit_after_a_stop_at_any_step(tmp_path: Path, killed_after: int) -> None:
    whole = Net()
    (tmp_path / "whole").mkdir()
    make_loop(whole, tmp_path / "whole").run(quiet(), StopFlag(), "t")
    first = Net()
    with pytest.raises(Stopped):
        make_loop(first, tmp_path).run(quiet(), StopAfter(killed_after), "t")
    resumed = Net()
    torch.manual_seed(99)
    loop = make_loop(resumed, tmp_path)
    log = loop.run(quiet(), StopFlag(), "t")
    assert len(log.steps) == loop.total == 9
    for ours, theirs in zip(resumed.parameters(), whole.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_it_steps_the_same_however_a_batch_is_cut(tmp_path: Path) -> None:
    nets = []
    for name, micro in (("whole", 100), ("cut", 1)):
        (tmp_path / name).mkdir()
        net = Net()
        net.layers[2] = nn.Identity()
        log = make_loop(net, tmp_path / name, micro_tokens=micro, epochs=1).run(quiet(), StopFlag(), "t")
        nets.append((net, [step["gradient_norm"] for step in log.steps]))
    # Adam hides errors of scale, so the norms of the raw gradients are compared too.
    assert nets[0][1] == pytest.approx(nets[1][1], rel=1e-5)
    for ours, theirs in zip(nets[0][0].parameters(), nets[1][0].parameters(), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_it_shows_each_item_once_an_epoch() -> None:
    batches = Shuffled(POINTS, LoopParams(batch_prompts=4, epochs=2), seed=1)
    assert batches.total == 6
    for epoch in range(2):
        seen = [point for step in range(3) for point in batches.at(3 * epoch + step)]
        assert sorted(point.x for point in seen) == [point.x for point in POINTS]
    assert batches.at(0) != batches.at(3)
    assert batches.at(0) == batches.at(0)


def test_it_warms_up_then_falls_along_a_cosine() -> None:
    params = LoopParams(warmup=0.2, final_lr=0.1)
    rates = [learning_rate_at(step, 12, 1.0, params) for step in range(12)]
    assert rates[:2] == [0.5, 1.0]  # round(0.2 * 12) = 2 steps of warm-up
    assert rates[2] == 1.0
    assert rates[7] == pytest.approx(0.1 + 0.9 * 0.5)  # half of the 10 steps that are left
    assert rates == sorted(rates[:2]) + sorted(rates[2:], reverse=True)


def test_it_stops_on_a_loss_that_is_not_a_number(tmp_path: Path) -> None:
    net = Net()
    with torch.no_grad():
        next(net.parameters()).fill_(math.nan)
    with pytest.raises(ContractError, match="loss is nan at step 1 of 9"):
        make_loop(net, tmp_path).run(quiet(), StopFlag(), "t")
    assert not list(tmp_path.iterdir())


def test_it_refuses_a_first_loss_that_is_not_the_known_one(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="not its reference"):
        make_loop(Net(), tmp_path, untrained=math.log(2)).run(quiet(), StopFlag(), "t")
