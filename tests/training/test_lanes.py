from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.training.stops import StopAfter
from training.contracts import JobSpec
from training.data import Ranking
from training.engine import Loop
from training.lanes import in_lanes, lanes_for, takes_lanes
from training.models import new_reward_model
from training.params import RewardParams
from training.process import StopFlag, Stopped
from training.progress import Reporter
from training.rewarding import reward_objective
from training.segments import Group

JOB = JobSpec(stage="reward", output="", work="", device="cpu")


def rankings(count: int) -> list[Ranking]:
    """Of 128 tokens each."""
    draw = torch.Generator().manual_seed(0)
    tokens = torch.randint(5, 300, (count, 128), generator=draw).tolist()
    groups = [Group(own[:40], [own[40 + 22 * n : 62 + 22 * n] for n in range(4)]) for own in tokens]
    pairs = [(0, 1, 1), (1, 2, 1), (2, 3, 2)]
    return [Ranking(f"p{number}", group, pairs, 1.0) for number, group in enumerate(groups)]


@pytest.fixture
def train(
    model_folder: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dict[str, Tensor]]:
    """Trains a reward model on so many threads, in passes of so many tokens in all; gives its weights."""

    def train(work: Path, threads: int, tokens: int, stop: StopFlag | None = None) -> dict[str, Tensor]:
        monkeypatch.setenv("OMP_NUM_THREADS", str(threads))
        work.mkdir(exist_ok=True)
        model = new_reward_model(model_folder("llama"), JOB, 0)
        params = RewardParams(batch_prompts=8, micro_tokens=tokens, save_seconds=0)
        objective = reward_objective(model, params, {})
        loop = Loop(model, rankings(16), objective, params, learning_rate=0.01, seed=1, work=work)
        loop.run(Reporter(as_json=True, stream=io.StringIO()), stop or StopFlag(), "reward")
        return dict(model.named_parameters())

    return train


def same(ours: dict[str, Tensor], others: dict[str, Tensor]) -> bool:
    return all(torch.equal(own, others[name]) for name, own in ours.items())


def test_it_trains_to_the_same_bits_in_lanes(train: Callable[..., dict[str, Tensor]], tmp_path: Path) -> None:
    alone = train(tmp_path / "alone", threads=1, tokens=256)  # in four passes a step
    assert same(alone, train(tmp_path / "two", threads=2, tokens=512))
    assert same(alone, train(tmp_path / "four", threads=4, tokens=1024))
    assert not same(alone, train(tmp_path / "one pass", threads=1, tokens=1024)), (
        "the passes make a difference"
    )


def test_it_goes_on_bit_for_bit_in_lanes(train: Callable[..., dict[str, Tensor]], tmp_path: Path) -> None:
    whole = train(tmp_path / "whole", threads=2, tokens=512)
    with pytest.raises(Stopped):
        train(tmp_path / "stopped", threads=2, tokens=512, stop=StopAfter(1))
    assert same(whole, train(tmp_path / "stopped", threads=2, tokens=512))


def test_it_takes_as_many_lanes_as_hold_the_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    assert lanes_for([500] * 8, 4096) == 4
    assert lanes_for([500] * 8, 1024) == 2, "two elements of 500 tokens at once are all that it may run"
    assert lanes_for([500, 700], 1024) == 1
    assert lanes_for([100] * 6, 4096) == 2, "600 tokens are no work for three"
    assert lanes_for([5000], 4096) == 1


def test_it_takes_no_lanes_where_passes_draw_at_random(model_folder: Callable[[str], str]) -> None:
    model: Any = new_reward_model(model_folder("gpt2"), JOB, 0)
    assert takes_lanes(model)
    model.transformer.drop.p = 0.1
    assert not takes_lanes(model)


def test_it_gives_what_lanes_find_in_order_and_the_first_thing_that_goes_wrong() -> None:
    def work(number: int) -> int:
        if number == 5:
            raise ValueError("five")
        return number * number

    found = in_lanes(work, range(9), 2)
    assert [next(found) for _ in range(5)] == [0, 1, 4, 9, 16]
    with pytest.raises(ValueError, match="five"):
        next(found)
