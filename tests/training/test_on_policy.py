"""Iterations: what is asked, when they end, and that they go on to the bit after a stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from tests.training.iterating import batches_of
from training.experience import experiences, pack, unpack
from training.process import Stopped
from training.run import Run
from training.segments import Group
from training.stages import ppo, rloo

LORA = {"rank": 4, "alpha": 8}


def test_it_steers_the_price_of_kl(make_run: Callable[..., Run]) -> None:
    params = {"kl": "adaptive", "kl_weight": 0.2, "kl_target": 4.0, "kl_horizon": 10, "batch_prompts": 4}
    run = make_run("rloo", params=params)
    _, loop = rloo.prepare(run)
    log = loop.run(run.reporter, run.stop, "rloo")
    # no KL at first, an error of -1 held to -0.2, over 8 replies of a horizon of 10
    assert [step["kl_weight"] for step in log.steps] == pytest.approx([0.2, 0.2 * (1 - 0.2 * 0.8)])


def test_it_ends_when_the_policy_has_gone_too_far(make_run: Callable[..., Run]) -> None:
    params = {"iterations": 9, "stop_kl": 1e-9, "batch_prompts": 4, "learning_rate": 0.01, "kl_weight": 0.0}
    run = make_run("rloo", params=params)
    _, loop = rloo.prepare(run)
    log = loop.run(run.reporter, run.stop, "rloo")
    assert len(log.steps) < 9
    assert log.steps[-1]["kl"] > 1e-9
    assert all(step["kl"] <= 1e-9 for step in log.steps[:-1])


def test_it_draws_anew_when_the_policy_has_left_its_replies(make_run: Callable[..., Run]) -> None:
    def steps(limit: float) -> int:
        params = {"epochs": 3, "step_kl": limit, "learning_rate": 0.01, "warmup": 0.0}
        run = make_run("rloo", params=params)
        _, loop = rloo.prepare(run)
        return len(loop.run(run.reporter, run.stop, "rloo").steps)

    assert steps(0.0) == 12
    assert steps(1e-9) == 4  # the second minibatch of each iteration is the first to have been left


def test_it_asks_other_prompts_each_time_and_draws_anew(make_run: Callable[..., Run]) -> None:
    _, loop = rloo.prepare(make_run(params={"rollout_prompts": 2}))
    batches = batches_of(loop)
    asked = [[row.prompt_id for row in batches._choose(iteration)] for iteration in range(4)]
    assert len({name for own in asked[:3] for name in own}) == 6
    assert all(len(own) == 2 for own in asked)
    one, again, other = (batches._draw(batches._choose(0), seed)[0] for seed in (0, 0, 3))
    assert one == again != other


def test_it_remembers_replies_exactly() -> None:
    groups = [Group([1, 2], [[3], [4, 5]]), Group([6], [[7], [8]])]
    columns = {"logprobs": torch.randn(5), "advantages": torch.randn(5)}
    items, counters = unpack(pack(experiences(groups, columns), beta=0.1, moved=[0.3, 5]))
    assert [item.group for item in items] == groups
    assert torch.equal(torch.cat([item.columns["advantages"] for item in items]), columns["advantages"])
    assert counters == {"beta": 0.1, "moved": [0.3, 5]}


@pytest.mark.slow
@pytest.mark.parametrize("stage", [ppo, rloo])
@pytest.mark.parametrize("killed_after", [1, 3])
def test_it_resumes_to_the_bit_between_any_two_minibatches(
    make_run: Callable[..., Run], stage: Any, killed_after: int
) -> None:
    params = {"epochs": 2, "kl": "adaptive", "step_kl": 1e-6, "learning_rate": 0.01, "save_seconds": 0}
    whole = make_run(params=params)
    cast, loop = stage.prepare(whole)
    log = loop.run(whole.reporter, whole.stop, "t")
    killed = make_run(params=params)
    _, first = stage.prepare(killed)
    step = first._step

    def stop_after(number: int, batch: Any) -> int:
        tokens: int = step(number, batch)
        killed.stop.requested = number + 1 == killed_after
        return tokens

    first._step = stop_after
    with pytest.raises(Stopped):
        first.run(killed.reporter, killed.stop, "t")
    killed.stop.requested = False
    resumed, second = stage.prepare(killed)
    assert second.run(killed.reporter, killed.stop, "t").steps == log.steps
    for ours, theirs in zip(resumed.trained.parameters(), cast.trained.parameters(), strict=True):
        assert torch.equal(ours, theirs)
