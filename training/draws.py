"""Pairs that the policy of the moment draws itself and the reward model ranks, as batches of the loop."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass

import torch
from torch import Tensor
from transformers import PreTrainedModel

from training.adapters import act, merged
from training.batches import batch_at
from training.contracts import MAX_MARGIN, CompletionRow, ContractError, PromptRow, RankedCompletion
from training.data import Encoder
from training.logprobs import sums_in_batches
from training.losses import Pair
from training.params import OnlineParams
from training.reference import precision_of
from training.refresh import Refresh
from training.rollouts import draw_replies
from training.run import Run
from training.scoring import Scorer
from training.segments import Group

ADAPTER = "default"
SEEDS_APART = 1_000_003


@dataclass(frozen=True)
class Drawn:
    """The best and the worst reply to a prompt, and their log-probabilities under the reference, in nats."""

    group: Group
    before: list[float]

    @property
    def pairs(self) -> list[Pair]:
        """The one pair."""
        return [(0, 1, MAX_MARGIN)]

    @property
    def tokens(self) -> int:
        """Tokens that a forward pass over it runs."""
        return self.group.tokens

    def share(self, reduction: str) -> float:
        """Each pair counts once."""
        return 1.0


class Draws:
    """The batches of the online stage; see :class:`~training.batches.Batches`.

    A draw serves ``steps_per_draw`` steps and is remembered with the weights, so that a stage that was
    killed between two of them goes on with the replies it had. With ``refresh`` the reward model of
    ``scorer`` learns what is new every ``refresh_every`` draws. ``reference`` may be ``policy`` itself,
    if adapters are trained on it: then it is the reference with none of them acting.
    """

    def __init__(
        self,
        run: Run,
        policy: PreTrainedModel,
        reference: PreTrainedModel,
        scorer: Scorer,
        encoder: Encoder,
        prompts: Sequence[PromptRow],
        params: OnlineParams,
        refresh: Refresh | None,
    ) -> None:
        self._run, self._policy, self._reference, self._scorer = run, policy, reference, scorer
        self._encoder, self._prompts, self._params = encoder, prompts, params
        self._refresh = refresh
        self._size = params.batch_prompts * params.steps_per_draw
        self._draws = -(-len(prompts) // self._size) * params.epochs
        self.total = self._draws * params.steps_per_draw
        self._number = -1
        self._items: list[Drawn] = []
        self._figures: dict[str, float] = {}

    def at(self, step: int) -> list[Drawn]:
        """The pairs of one step, drawn first where a draw begins.

        Raises :class:`ContractError` when no prompt has replies that differ in reward.
        """
        number, place = divmod(step, self._params.steps_per_draw)
        if number != self._number:
            self._draw(number)
        mine = self._items[place :: self._params.steps_per_draw]
        return mine or self._items

    def figures(self) -> dict[str, float]:
        """Of all replies of the draw: mean reward, length in tokens, and KL to the reference in nats."""
        return dict(self._figures)

    def state(self) -> dict[str, Tensor]:
        """The draw, as the bytes of its JSON."""
        kept = {
            "number": self._number,
            "items": [asdict(item) for item in self._items],
            "figures": self._figures,
            "gold": self._refresh.taken if self._refresh else [],
        }
        return {"draw": torch.frombuffer(bytearray(json.dumps(kept).encode()), dtype=torch.uint8)}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Take up what :meth:`state` gave."""
        kept = json.loads(bytes(state["draw"].tolist()))
        self._number, self._figures = kept["number"], kept["figures"]
        self._items = [Drawn(Group(**item["group"]), item["before"]) for item in kept["items"]]
        if self._refresh:
            self._refresh.catch_up(kept["gold"])

    def _draw(self, number: int) -> None:
        if self._refresh and number % self._params.refresh_every == 0:
            self._refresh.again()
        prompts = batch_at(number, self._prompts, self._size, self._run.job.seed)
        replies = self._replies(prompts, number)
        ranked = [[RankedCompletion(row.text, row.token_ids, row.finish) for row in rows] for rows in replies]
        named = list(zip(prompts, ranked, strict=True))
        micro = self._params.micro_tokens
        theirs = [self._scorer.encoder.group(row.prompt_id, row.messages, own) for row, own in named]
        rewards = self._scorer.rewards(theirs, micro, [prompt.safety for prompt in prompts])
        groups = [self._encoder.group(row.prompt_id, row.messages, own) for row, own in named]
        before = self._before(groups)
        self._number, self._items = number, _pairs(groups, rewards, before)
        self._figures = _figures(replies, rewards, before)
        if self._refresh:
            self._figures["gold"] = float(sum(self._refresh.taken))
            if self._refresh.accuracy is not None:
                self._figures["gold_accuracy"] = self._refresh.accuracy
        if not self._items:
            raise ContractError(
                f"In draw {number + 1} of {self._draws} all {self._params.k} replies to each prompt have one "
                "reward: the policy says the same thing always, and there is no pair to learn from."
            )

    def _replies(self, prompts: Sequence[PromptRow], number: int) -> list[list[CompletionRow]]:
        params, policy = self._params, self._policy
        policy.eval()
        with merged(policy, ADAPTER) if self._run.job.lora else nullcontext():
            replies = draw_replies(
                self._run, policy, self._encoder, prompts, params.k,
                seed=self._run.job.seed + (number + 1) * SEEDS_APART, batch_rows=params.batch_rows,
            )  # fmt: skip
        policy.train()
        return replies

    def _before(self, groups: Sequence[Group]) -> list[Tensor]:
        if self._reference is self._policy:
            act(self._policy, None)
        micro = self._params.micro_tokens
        with precision_of(self._run.job, self._reference):
            own = [one for some in sums_in_batches(self._reference, groups, micro) for one in some]
        if self._reference is self._policy:
            act(self._policy, ADAPTER)
        return own


def _pairs(groups: Sequence[Group], rewards: Sequence[Tensor], before: Sequence[Tensor]) -> list[Drawn]:
    """The best and the worst reply of each group, where they differ in reward."""
    pairs = []
    for group, scores, logprobs in zip(groups, rewards, before, strict=True):
        best, worst = int(scores.argmax()), int(scores.argmin())
        if scores[best] > scores[worst]:
            two = Group(group.prompt, [group.completions[best], group.completions[worst]])
            pairs.append(Drawn(two, [logprobs[best].item(), logprobs[worst].item()]))
    return pairs


def _figures(
    replies: Sequence[Sequence[CompletionRow]], rewards: Sequence[Tensor], before: Sequence[Tensor]
) -> dict[str, float]:
    rows = [row for own in replies for row in own]
    now = torch.tensor([sum(row.logprobs) for row in rows])
    return {
        "reward": torch.cat(list(rewards)).mean().item(),
        "kl": (now - torch.cat(list(before))).mean().item(),
        "length": sum(len(row.token_ids) for row in rows) / len(rows),
    }
