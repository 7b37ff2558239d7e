"""What the next step of a round is, by its state. Read top to bottom, this is the loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db import transaction

from annotate.accounts.models import User
from annotate.campaigns.models import CampaignKind
from annotate.campaigns.recipe import Recipe
from annotate.chat.progress import is_talked_out
from annotate.datasets.services import freeze_snapshot
from annotate.errors import Conflict
from annotate.loop.models import RunState
from annotate.loop.runs import newest_run, queue_run
from annotate.ranking.progress import collecting_counts, is_collected
from annotate.rounds.models import Round, RoundState
from annotate.rounds.transitions import move
from training.contracts import Stage

Step = Callable[[Round], None]


def start_sampling(round: Round) -> None:
    """planned: nothing is waited for; what people write in a chat is answered as it comes."""
    is_chat = round.campaign.kind == CampaignKind.CHAT
    move(round=round, to=RoundState.COLLECTING if is_chat else RoundState.SAMPLING)


def run_stages(stages: Callable[[Recipe], Sequence[Stage]], then: RoundState) -> Step:
    """A step that has the stages run one after another and goes on to ``then``.

    It goes to failed with the reason of the first that fails; a retry goes on with that one. A failed run
    that is older than the present state belongs to an attempt before a retry.
    """

    def step(round: Round) -> None:
        for stage in stages(Recipe.parse(round.recipe)):
            run = newest_run(round, stage)
            if run is not None and run.state == RunState.SUCCEEDED:
                continue
            if run is not None and run.state == RunState.FAILED and run.queued_at >= round.entered_at:
                move(round=round, to=RoundState.FAILED, reason=run.error)
            elif run is None or run.state in (RunState.FAILED, RunState.CANCELLED):
                queue_run(round=round, stage=stage)
            return
        move(round=round, to=then)

    return step


def end_collecting(round: Round) -> None:
    """collecting: every comparison has the annotations it asked for, or was given up; a chat has enough."""
    if not _is_collected(round):
        return
    if collecting_counts(round_id=round.pk)["submitted"] == 0:
        move(round=round, to=RoundState.FAILED, reason="Every comparison was skipped: nobody ranked any.")
    else:
        freeze(round, actor=None, reason="every comparison is ranked")


def _is_collected(round: Round) -> bool:
    if round.campaign.kind == CampaignKind.CHAT:
        return is_talked_out(round)
    return is_collected(round_id=round.pk)


def finish_collecting(*, round: Round, actor: User) -> Round:
    """A person ends the collection early: what was submitted so far is what is trained on."""
    if round.state != RoundState.COLLECTING:
        raise Conflict(f"Round {round.number} is {round.state}: it does not collect.")
    if collecting_counts(round_id=round.pk)["submitted"] == 0:
        raise Conflict("Nobody has ranked anything yet: there is nothing to train on.")
    return freeze(round, actor=actor, reason="collection finished early")


def freeze(round: Round, *, actor: User | None, reason: str) -> Round:
    """End the collection and freeze what was said, at one moment.

    The move comes first: it waits for the submits in flight and keeps out later ones, so that the
    snapshot holds every annotation that anybody was told is submitted.
    """
    with transaction.atomic():
        move(round=round, to=RoundState.TRAINING_REWARD, actor=actor, reason=reason)
        freeze_snapshot(round=round)
    return round


STEPS: dict[RoundState, Step] = {
    RoundState.PLANNED: start_sampling,
    RoundState.SAMPLING: run_stages(lambda _: ["sample"], then=RoundState.COLLECTING),
    RoundState.COLLECTING: end_collecting,
    RoundState.TRAINING_REWARD: run_stages(
        lambda recipe: recipe.reward_stages, then=RoundState.TRAINING_POLICY
    ),
    RoundState.TRAINING_POLICY: run_stages(lambda recipe: recipe.policy_stages, then=RoundState.EVALUATING),
    RoundState.EVALUATING: run_stages(lambda _: ["evaluate"], then=RoundState.DECIDING),
}
"""``deciding`` and ``failed`` wait for a person; ended rounds for nothing."""
