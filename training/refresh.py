"""A reward model that goes on learning while the policy does: the discriminator of D2PO.

Singhal et al. 2024, "D2PO: Discriminator-guided DPO with response evaluation models": a policy that is
trained on the labels of a reward model leaves the replies that this was trained on; a few new gold labels
every so often keep it able to tell the policy's present replies apart.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from training.agreement import accuracy_metrics
from training.checkpoints import ADAPTER_FOLDER
from training.contracts import ContractError
from training.data import Ranking, load_rankings
from training.engine import Loop
from training.ensemble import heads_of
from training.params import OnlineParams, RewardParams
from training.prequential import comparison_key, read_trained_on
from training.progress import Reporter
from training.rewarding import reward_objective
from training.run import Run
from training.scoring import RewardModel


class Refresh:
    """Trains ``model``, in place, on rankings of ``job.rankings`` that it has not learnt, some at a time.

    The files are read anew each time, so that labels count which came since. What a refresh makes of the
    model depends on its place and its rankings alone, so that a stage that goes on does them again from
    the beginning: ``taken`` says how many rankings each has used.
    """

    def __init__(self, run: Run, model: RewardModel, params: OnlineParams) -> None:
        folder = Path(run.job.reward_model)
        if heads_of(model.model) > 1 and (folder / ADAPTER_FOLDER).is_dir():
            raise ContractError(
                f"The reward model {folder} has an adapter for each of its members, and such a one cannot be "
                "refreshed: set refresh_every to 0, or train it without lora."
            )
        self._run, self._model, self._params = run, model, params
        self._known = read_trained_on(run.job.reward_model, "reward model")
        self._reward_params = RewardParams(
            full_learning_rate=params.refresh_rate, micro_tokens=params.micro_tokens, save_seconds=1e9
        )
        model.model.float()
        self.taken: list[int] = []
        self.accuracy: float | None = None

    def again(self) -> None:
        """Learn what is new, the next ``refresh_rankings`` of it at most."""
        new = self._new()[sum(self.taken) :]
        if self._params.refresh_rankings:
            new = new[: self._params.refresh_rankings]
        self._learn(new)

    def catch_up(self, taken: Sequence[int]) -> None:
        """Do an earlier attempt's refreshes again; raises :class:`ContractError` if rankings are gone."""
        new = self._new()
        if len(new) < sum(taken):
            raise ContractError(
                f"The rankings hold {len(new)} new ones, fewer than the {sum(taken)} that the stage had "
                "learnt before it was stopped: put them back, or start over in another work folder."
            )
        for count in taken:
            begin = sum(self.taken)
            self._learn(new[begin : begin + count])

    def _new(self) -> list[Ranking]:
        rankings = load_rankings(
            self._run.job.rankings, self._model.encoder, self._reward_params, may_be_empty=True
        )
        return [one for one in rankings.train if comparison_key(one.group) not in self._known]

    def _learn(self, new: Sequence[Ranking]) -> None:
        """One pass over the new rankings, which are scored before they are learnt."""
        self.taken.append(len(new))
        if not new:
            return
        scores = self._model.rewards([one.group for one in new], self._params.micro_tokens)
        self.accuracy = accuracy_metrics(new, scores)["accuracy"]
        seed = self._run.job.seed + len(self.taken)
        with tempfile.TemporaryDirectory(dir=self._run.work, prefix="refresh-") as scratch:
            loop = Loop(
                self._model.model, new, reward_objective(self._model.model, self._reward_params, {}),
                replace(self._reward_params, epochs=self._params.refresh_epochs),
                learning_rate=self._params.refresh_rate, seed=seed, work=Path(scratch),
            )  # fmt: skip
            # A loop inside a step of another: it does not speak, and is not resumed by itself.
            with torch.enable_grad():  # when it catches up, the state is being restored without gradients
                loop.run(Reporter(as_json=True, stream=io.StringIO()), self._run.stop, "refresh")
