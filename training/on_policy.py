"""Learning from one's own samples: the policy answers, the answers are scored and learnt from, and again.

What PPO and RLOO share. Their batches are those of the one training loop; an iteration's replies serve
``epochs`` passes in minibatches, and are remembered with the weights, so that a stage which was killed
between two minibatches goes on with the replies it had.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from training.advantages import AdaptiveKl, whiten
from training.batches import batch_at
from training.cast import Cast
from training.contracts import ContractError, JobSpec, PromptRow, RankedCompletion, read_prompts
from training.decoding import reply_seed
from training.engine import Loop, Objective
from training.experience import Experience, Rollout, experiences, pack, unpack
from training.imitation import Lesson, read_lessons, save_policy
from training.params.on_policy import OnPolicyParams
from training.reference import is_autocast, precision_of
from training.rollouts import draw_replies
from training.run import Run, StageOutput
from training.segments import Group, by_token_budget

Credit = Callable[[Rollout, float], tuple[dict[str, Tensor], dict[str, float]]]
"""From an iteration's replies and the price of KL to columns over their tokens, and figures to be logged."""


class Iterations:
    """The batches; see :class:`~training.batches.Batches`."""

    def __init__(
        self,
        run: Run,
        cast: Cast,
        params: OnPolicyParams,
        credit: Credit,
        share: Callable[[Experience], float],
    ) -> None:
        self._run, self._cast, self._params = run, cast, params
        self._credit, self._share = credit, share
        self._prompts = _read_prompts(run.job)
        self._lessons = read_lessons(run.job.dialogues, cast.encoder, "train")
        self._size = min(params.rollout_prompts, len(self._prompts))
        self._minibatches = math.ceil(self._size / params.batch_prompts)
        self.total = params.iterations * params.epochs * self._minibatches
        self._control = AdaptiveKl(params.kl_weight, params.kl_target, params.kl_horizon)
        self._iteration, self._position = -1, 0
        self._items: list[Experience] = []
        self._figures: dict[str, float] = {}
        self._moved = 0.0
        self._moved_tokens = 0

    def at(self, step: int) -> Sequence[Experience | Lesson]:
        """The minibatch of one step; draws replies first where an iteration begins."""
        if self._is_over():
            if self._iteration + 1 == self._params.iterations or self._went_too_far():
                return []
            self._begin(self._iteration + 1)
        pass_, place = divmod(self._position, self._minibatches)
        size = self._params.batch_prompts
        if pass_ == 0:  # in the order drawn: the very forward passes that the old log-probs are of
            batch = self._items[place * size : (place + 1) * size]
        else:
            seed = reply_seed(self._run.job.seed, f"pass {pass_}", self._iteration)
            batch = batch_at(place, self._items, size, seed)
        self._position += 1
        self._moved, self._moved_tokens = 0.0, 0
        return [*batch, *self._mix(step, sum(map(self._share, batch)))]

    def moved(self, kl: float, tokens: int) -> None:
        """Hear from the loss how far the policy is from where it drew: nats summed over ``tokens``."""
        self._moved += kl
        self._moved_tokens += tokens

    def figures(self) -> dict[str, float]:
        """Of the iteration's replies."""
        return dict(self._figures)

    def state(self) -> dict[str, Tensor]:
        """The replies and where in them we are."""
        return pack(
            self._items, iteration=self._iteration, position=self._position, figures=self._figures,
            beta=self._control.beta, moved=[self._moved, self._moved_tokens],
        )  # fmt: skip

    def restore(self, state: dict[str, Tensor]) -> None:
        """Take up what :meth:`state` gave."""
        self._items, counters = unpack(state)
        self._iteration, self._position = counters["iteration"], counters["position"]
        self._figures = counters["figures"]
        self._moved, self._moved_tokens = counters["moved"]
        self._control = AdaptiveKl(counters["beta"], self._params.kl_target, self._params.kl_horizon)

    def _is_over(self) -> bool:
        """Whether the iteration is: all its minibatches are learnt, or the policy has moved far enough."""
        limit = self._params.step_kl
        return (
            not self._items
            or self._position == self._params.epochs * self._minibatches
            or 0 < limit * self._moved_tokens < self._moved
        )

    def _went_too_far(self) -> bool:
        return 0 < self._params.stop_kl < self._figures.get("kl", 0.0)

    def _begin(self, iteration: int) -> None:
        """Draw replies, score them, and work out what each token is worth."""
        trained = self._cast.trained.eval()
        with torch.no_grad(), precision_of(self._run.job, self._cast.policy.model):
            prompts = self._choose(iteration)
            groups, stopped = self._draw(prompts, iteration)
            rollout, score = self._judge(groups, stopped, [prompt.safety for prompt in prompts])
            beta, kl = self._control.beta, rollout.kl()
            columns, figures = self._credit(rollout, beta)
        trained.train()
        self._items = experiences(groups, {"logprobs": rollout.logprobs, **columns})
        self._iteration, self._position = iteration, 0
        replies, tokens = len(stopped), len(rollout.logprobs)
        self._figures = {
            "reward": (rollout.scores - beta * kl).mean().item(),
            "score": score,
            "kl": kl.mean().item(),
            "kl_weight": beta,
            "entropy": -rollout.logprobs.mean().item(),
            "length": tokens / replies,
            "stopped": sum(stopped) / replies,
            **figures,
        }
        if self._params.kl == "adaptive":
            self._control = self._control.after(self._figures["kl"], replies)

    def _choose(self, iteration: int) -> list[PromptRow]:
        """The prompts of an iteration: the next of a pass over all of them, each pass in another order.

        What is left over of a pass, being less than an iteration takes, is left out.
        """
        whole, cut = len(self._prompts) // self._size, math.ceil(len(self._prompts) / self._size)
        pass_, place = divmod(iteration, whole)
        return batch_at(pass_ * cut + place, self._prompts, self._size, self._run.job.seed)

    def _draw(self, prompts: Sequence[PromptRow], iteration: int) -> tuple[list[Group], list[bool]]:
        """Prompts with fresh replies to them, and of each reply whether it ended by itself."""
        run, encoder = self._run, self._cast.encoder
        seed = reply_seed(run.job.seed, "iteration", iteration)
        with self._cast.policy.drawing() as policy:
            drawn = draw_replies(
                run, policy, encoder, prompts, run.job.k, seed=seed, batch_rows=self._params.batch_rows
            )
        groups = [
            encoder.group(
                prompt.prompt_id,
                prompt.messages,
                [RankedCompletion(row.text, row.token_ids, row.finish) for row in rows],
            )
            for prompt, rows in zip(prompts, drawn, strict=True)
        ]
        return groups, [row.finish == "stop" for rows in drawn for row in rows]

    def _judge(self, groups: list[Group], stopped: list[bool], safety: list[bool]) -> tuple[Rollout, float]:
        """The replies with their log-probabilities and scores; and the mean of the scores as read."""
        cast, params = self._cast, self._params
        temperature = self._run.job.sampling.temperatures[0]
        logprobs: list[Tensor] = []
        reference: list[Tensor] = []
        for batch in as_trained(groups, params):
            self._run.stop.check()
            logprobs.append(cast.policy.logprobs(batch, temperature).flat.cpu())
            reference.append(cast.reference.logprobs(batch, temperature).flat.cpu())
        read = torch.cat(cast.judge.rewards(groups, params.micro_tokens, safety)).float()
        if not bool(read.isfinite().all()):
            raise ContractError("The reward model gave a score that is not a number; training stopped.")
        scores = read
        if params.missing_eos_score is not None:
            scores = torch.where(torch.tensor(stopped), read, params.missing_eos_score)
        if params.whiten_scores or (params.whiten_scores is None and self._run.job.safety_model):
            scores = whiten(scores, torch.ones_like(scores))
        return Rollout(groups, torch.cat(logprobs), torch.cat(reference), scores), read.mean().item()

    def _mix(self, step: int, weight: float) -> list[Lesson]:
        """Dialogues whose mean loss a token counts ``mix_weight`` in a batch of this weight."""
        if not self._lessons or self._params.mix_weight == 0:
            return []
        chosen = batch_at(step, self._lessons, self._params.mix_batch, self._run.job.seed)
        scale = self._params.mix_weight * weight / sum(lesson.share for lesson in chosen)
        return [Lesson(lesson.group, lesson.weight * scale) for lesson in chosen]


def as_trained(groups: Sequence[Group], params: OnPolicyParams) -> Iterator[list[Group]]:
    """Cut as the first pass over them is, so that what is worked out beforehand is the same to the bit."""
    size = params.batch_prompts
    for start in range(0, len(groups), size):
        yield from by_token_budget(
            groups[start : start + size], lambda group: group.tokens, params.micro_tokens
        )


def departure(new: Tensor, old: Tensor) -> Tensor:
    """``r - 1 - log r`` of each token, r the ratio new / old: its mean estimates KL(old || new), ``[N]``."""
    ratio = (new - old).detach()
    return ratio.exp() - 1 - ratio


def lessons_loss(cast: Cast, batch: Sequence[Experience | Lesson]) -> Tensor:
    """What the dialogues among ``batch`` pay, as a sum under the weights that they were given."""
    lessons = [item for item in batch if isinstance(item, Lesson)]
    if not lessons:
        return torch.zeros((), device=cast.policy.model.device)
    surprises = -cast.policy.logprobs([lesson.group for lesson in lessons], 1.0).sums()
    weights = torch.tensor([lesson.weight for lesson in lessons], device=surprises.device)
    return (weights * surprises).sum()


def loop_over(
    run: Run,
    cast: Cast,
    batches: Iterations,
    objective: Objective[Experience | Lesson],
    params: OnPolicyParams,
) -> Loop[Experience | Lesson]:
    """The training loop over what is drawn."""
    job = run.job
    return Loop(
        cast.trained, batches, objective, params, learning_rate=params.rate(lora=bool(job.lora)),
        seed=job.seed, work=run.work, autocast=is_autocast(job),
    )  # fmt: skip


def learn(run: Run, cast: Cast, loop: Loop[Experience | Lesson]) -> StageOutput:
    """Run the iterations to their end and write the policy."""
    log = loop.run(run.reporter, run.stop, run.job.stage)
    metrics = {name: log.mean(name, last=10) for name in log.steps[-1]}
    metrics |= {f"first_{name}": log.steps[0][name] for name in ("score", "reward", "kl", "length")}
    metrics |= {"steps": len(log.steps), "tokens": log.tokens}
    adapters = cast.without_the_others()
    return StageOutput(metrics, save_policy(run, cast.policy.model, cast.encoder, adapters, metrics))


def check_job(job: JobSpec, params: OnPolicyParams) -> None:
    """Refuse a job whose replies would not be drawn from the policy that is trained, and empty iterations."""
    for name in ("iterations", "rollout_prompts", "batch_prompts", "epochs", "mix_batch", "kl_horizon"):
        if getattr(params, name) < 1:
            raise ContractError(f"The param {name} is {getattr(params, name)}; it must be at least 1.")
    if params.kl == "adaptive" and params.kl_target == 0:
        raise ContractError("The param kl_target is 0; an adaptive kl_weight needs a target above 0.")
    temperatures = job.sampling.temperatures
    if len(temperatures) != 1 or temperatures[0] == 0 or job.sampling.top_p != 1:
        raise ContractError(
            "sampling must have one temperature above 0 and top_p 1: a policy can only learn from replies "
            "drawn from all of its own distribution."
        )
    if job.lora and job.lora.dropout:
        raise ContractError(
            "lora.dropout must be 0: under dropout the policy that is trained is not the one that answered."
        )


def _read_prompts(job: JobSpec) -> list[PromptRow]:
    if not job.prompts:
        raise ContractError("The job names no prompts.")
    prompts = read_prompts(Path(job.prompts))
    if not prompts:
        raise ContractError(f"The prompts file {job.prompts} holds no prompt.")
    return prompts
