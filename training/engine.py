"""The one training loop: accumulate, clip, step, log, save, resume.

What is resumed is exact: the trained weights, the optimiser, the random state and the position in the
data are saved together, and the order of the data is a function of the seed and the epoch alone. So a
stage that was killed ends, on CPU, with the weights it would have had, bit for bit.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Generic, NamedTuple, cast

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import PreTrainedModel

from training import team
from training.batches import Batches, Shuffled, T
from training.contracts import ContractError
from training.lanes import add_gradients, in_lanes, lanes_for, takes_lanes
from training.params import LoopParams
from training.process import StopFlag, Stopped, shards_weights
from training.progress import Reporter
from training.segments import by_token_budget
from training.sharding import Sharded, in_parts_like, trained, whole

STATE_FILE = "state-loop.safetensors"


class Summed(NamedTuple):
    """What a loss function returns for some elements: sums, not means, so that micro-batches add up.

    ``loss`` is differentiable. ``metrics`` are sums under the same weights; a ``loss`` among them is logged
    in place of the whole, where the whole has parts beside. ``untrained`` is what the logged loss of the
    untrained model must be, where that is known: the first step is held against it.
    """

    loss: Tensor
    metrics: dict[str, float]
    untrained: float = math.nan


@dataclass(frozen=True)
class Objective(Generic[T]):
    """What is trained: ``loss`` sums over elements, ``weight`` is one element's share of a batch.

    ``apart`` says that a pass changes nothing that another reads, so that several may run at once.
    """

    loss: Callable[[Sequence[T]], Summed]
    weight: Callable[[T], float]
    apart: bool = False


@dataclass
class Log:
    """The metrics of each step so far, and the tokens trained on."""

    steps: list[dict[str, float]] = field(default_factory=list)
    tokens: int = 0

    def mean(self, name: str, last: int) -> float:
        """Mean of a metric over the ``last`` steps."""
        values = [step[name] for step in self.steps[-last:]]
        return sum(values) / len(values)


def learning_rate_at(step: int, total: int, peak: float, params: LoopParams) -> float:
    """Linear warm-up, then a cosine down to ``final_lr`` of the peak; ``step`` counts from 0."""
    warm = max(1, round(params.warmup * total))
    if step < warm:
        return peak * (step + 1) / warm
    progress = (step - warm) / max(1, total - warm)
    cosine = 0.5 * (1 + math.cos(math.pi * progress))
    return peak * (params.final_lr + (1 - params.final_lr) * cosine)


def _recompute_activations(model: nn.Module) -> None:
    """Keep only what goes into each layer; backward runs the layer again."""
    inner: set[nn.Module] = set()
    for part in model.modules():
        if isinstance(part, PreTrainedModel) and part not in inner:
            part.activation_checkpointing_enable()
            inner.update(part.modules())


class Loop(Generic[T]):
    """Trains ``model``'s parameters that require gradients on fixed ``items``, or on what batches give."""

    def __init__(
        self,
        model: nn.Module,
        items: Sequence[T] | Batches[T],
        objective: Objective[T],
        params: LoopParams,
        *,
        learning_rate: float,
        seed: int,
        work: Path,
        autocast: bool = False,
    ) -> None:
        self._model, self._objective, self._params = model, objective, params
        self._batches = Shuffled(items, params, seed) if isinstance(items, Sequence) else items
        self._peak = learning_rate
        self._seed, self._state_path = seed, work / STATE_FILE
        self._sharded = Sharded(cast(PreTrainedModel, model)) if shards_weights() else None
        self._trained = trained(model)
        self._optimizer = torch.optim.AdamW(
            self._trained.values(),
            lr=learning_rate,
            betas=(0.9, 0.95),
            weight_decay=params.weight_decay,
            fused=True,
        )
        if params.gradient_checkpointing:
            _recompute_activations(model)
        self._device = next(iter(self._trained.values())).device
        self._autocast = autocast
        simple = not (self._sharded or autocast or params.gradient_checkpointing) and team.size() == 1
        self._takes_lanes = simple and objective.apart and takes_lanes(model)
        self.log = Log()
        self.total = self._batches.total

    def run(self, reporter: Reporter, stop: StopFlag, phase: str, *, part: int = 0, parts: int = 1) -> Log:
        """Train to the end, from the saved state where there is one.

        Of a stage of several loops of as many steps each this is ``part``, from 0, of ``parts``: its steps
        are reported as those of one whole.

        Raises :class:`ContractError` when the loss is not a number, or is not the known first loss;
        raises ``Stopped`` when told to stop, with the state saved.
        """
        torch.manual_seed(self._seed)
        step = self._restore()
        earlier = part * self.total
        reporter.start(phase, total=parts * self.total, unit="step", step=earlier + step)
        saved = time.monotonic()
        self._model.train()
        while step < self.total and (batch := self._batches.at(step)):
            tokens = self._step(step, batch)
            step += 1
            reporter.update(earlier + step, tokens=tokens, metrics=self.log.steps[-1])
            stopping = any(team.everyones(stop.requested))
            if stopping or team.told_by_first(time.monotonic() - saved >= self._params.save_seconds):
                self._save(step)
                saved = time.monotonic()
            if stopping:
                raise Stopped
            stop.check()
        self._model.eval()
        if self._sharded:
            self._optimizer.state.clear()  # room for the whole weights
            self._sharded.gather()
        reporter.close()
        return self.log

    def _step(self, step: int, batch: Sequence[T]) -> int:
        weight = sum(map(self._objective.weight, batch))
        if team.size() > 1:
            torch.manual_seed((self._seed * 1_000_003 + step) % 2**48 * team.size() + team.rank())
        sums, expected = self._accumulate(batch, weight)
        if not self._sharded:
            team.add_up_gradients(self._trained.values())
        metrics = {name: value / weight for name, value in sums.items()}
        self._check_loss(step, metrics["loss"], expected / weight)
        norm = whole(nn.utils.clip_grad_norm_(self._trained.values(), self._params.clip_norm or math.inf))
        if not torch.isfinite(norm):
            raise ContractError(
                f"The gradient is not finite at step {step + 1} of {self.total}; training stopped."
            )
        rate = learning_rate_at(step, self.total, self._peak, self._params)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        tokens = sum(item.tokens for item in batch)
        self.log.tokens += tokens
        self.log.steps.append(
            {**metrics, **self._batches.figures(), "gradient_norm": norm.item(), "learning_rate": rate}
        )
        return tokens

    def _accumulate(self, batch: Sequence[T], weight: float) -> tuple[dict[str, float], float]:
        """Add up gradients over micro-batches; returns sums of the metrics and of the expected losses."""
        costs, budget = [item.tokens for item in batch], self._params.micro_tokens
        lanes = lanes_for(costs, budget) if self._takes_lanes else 1
        share = -(-sum(costs) // (lanes * team.size()))
        if lanes > 1:  # the dearest first and some room, lest one is left alone at the end
            batch = sorted(batch, key=lambda item: item.tokens, reverse=True)
            budget, share = budget // lanes, share + max(costs) // 2
        budget = min(budget, share)
        passes = list(by_token_budget(batch, lambda item: item.tokens, budget))
        sums: dict[str, float] = {}
        expected = 0.0
        for result in self._in_lanes(passes, weight, lanes) if lanes > 1 else self._in_turn(passes, weight):
            expected += result.untrained
            for name, value in {"loss": result.loss.item(), **result.metrics}.items():
                sums[name] = sums.get(name, 0.0) + value
        said = team.everyones((sums, expected))
        names = dict.fromkeys(name for own, _ in said for name in own)
        total = {name: sum(own.get(name, 0.0) for own, _ in said) for name in names}
        return total, sum(own for _, own in said)

    def _in_turn(self, passes: Sequence[Sequence[T]], weight: float) -> Iterator[Summed]:
        """Each pass of this process, its gradients added to those there are."""
        for micro, counts in team.share(passes):
            if not (counts or self._sharded):
                continue
            with self._precision():
                loss = partial(self._objective.loss, micro)
                result: Summed = self._sharded(loss) if self._sharded else loss()
            (result.loss * (1.0 if counts else 0.0) / weight).backward()
            if counts:  # else it only kept step with the others, who wait for its weights
                yield result

    def _in_lanes(self, passes: Sequence[Sequence[T]], weight: float, lanes: int) -> Iterator[Summed]:
        """The same, several at a time."""
        weights = list(self._trained.values())

        def work(micro: Sequence[T]) -> tuple[Summed, Sequence[Tensor | None]]:
            with self._precision():
                result = self._objective.loss(micro)
            gradients = torch.autograd.grad(result.loss / weight, weights, allow_unused=True)
            return result._replace(loss=result.loss.detach()), gradients

        for result, gradients in in_lanes(work, passes, lanes):
            add_gradients(weights, gradients)
            yield result

    def _precision(self) -> torch.autocast | nullcontext[None]:
        return torch.autocast(self._device.type, torch.bfloat16) if self._autocast else nullcontext()

    def _check_loss(self, step: int, loss: float, expected: float) -> None:
        if not math.isfinite(loss):
            raise ContractError(
                f"The loss is {loss} at step {step + 1} of {self.total}; training stopped and the model that "
                "it started from is untouched: try a lower learning_rate."
            )
        tolerance = 5e-2 if self._autocast else 1e-3
        if step == 0 and abs(loss - expected) > tolerance:  # never so where nothing is expected (nan)
            raise ContractError(
                f"The first loss is {loss:.6f}, but that of an untrained policy is {expected:.6f}: "
                "the policy that is trained is not its reference."
            )

    def _save(self, step: int) -> None:
        if team.rank() > 0 and not self._sharded:
            return
        tensors = {}
        for name, parameter in self._trained.items():
            own = {"weight": parameter.detach()}
            own |= {f"adam/{key}": value for key, value in self._optimizer.state[parameter].items()}
            for key, value in own.items():
                entire = whole(value)
                if team.rank() == 0:
                    tensors[f"{key}/{name}"] = entire.cpu()
        if team.rank() > 0:
            return
        tensors |= {f"batches/{name}": value for name, value in self._batches.state().items()}
        tensors["random/cpu"] = torch.get_rng_state()
        if self._device.type == "cuda":
            tensors["random/cuda"] = torch.cuda.get_rng_state(self._device)
        meta = {"step": str(step), "tokens": str(self.log.tokens), "log": json.dumps(self.log.steps)}
        temporary = self._state_path.with_suffix(".tmp")
        save_file({name: value.contiguous() for name, value in tensors.items()}, temporary, metadata=meta)
        temporary.replace(self._state_path)

    def _restore(self) -> int:
        if not self._state_path.exists():
            return 0
        with safe_open(self._state_path, framework="pt", device="cpu") as state, torch.no_grad():
            meta = state.metadata()
            for name, parameter in self._trained.items():
                parameter.copy_(in_parts_like(parameter, state.get_tensor(f"weight/{name}")))
            remembered = {}
            for name in state.keys():  # noqa: SIM118 - safe_open has no iterator
                if name.startswith("batches/"):
                    remembered[name.removeprefix("batches/")] = state.get_tensor(name)
                elif name.startswith("adam/"):
                    _, key, parameter_name = name.split("/", 2)
                    parameter = self._trained[parameter_name]
                    value = state.get_tensor(name)
                    self._optimizer.state[parameter][key] = in_parts_like(parameter, value)
            self._batches.restore(remembered)
            torch.set_rng_state(state.get_tensor("random/cpu"))
            if self._device.type == "cuda":
                torch.cuda.set_rng_state(state.get_tensor("random/cuda"), self._device)
        self.log = Log(json.loads(meta["log"]), int(meta["tokens"]))
        return int(meta["step"])
