"""A round that collects, made without training: for tests of the rooms from ranking upwards."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import count

from annotate.accounts.models import User
from annotate.campaigns.models import Campaign, Membership
from annotate.campaigns.recipe import Recipe
from annotate.campaigns.services import create_campaign
from annotate.prompts.models import Prompt
from annotate.ranking.services import add_comparisons
from annotate.rounds.models import Checkpoint, CheckpointKind, Round, RoundState
from training.contracts import CompletionRow

_names = count(1)


def annotator(name: str = "") -> User:
    """A person without a usable password."""
    return User.objects.create(username=name or f"person-{next(_names)}", role="annotator")


def collecting_round(
    *, comparisons: int = 3, heldout: int = 0, k: int = 2, overlap: int = 1, members: int = 1
) -> Round:
    """A round in ``collecting`` with a queue of comparisons, in a new campaign with members.

    Completion ``index`` of prompt number n reads ``reply index to n``.
    """
    campaign = create_campaign(creator=None, name=f"Campaign {next(_names)}")
    for _ in range(members):
        Membership.objects.create(campaign=campaign, user=annotator())
    prompts = [_prompt(campaign, number, number < heldout) for number in range(comparisons)]
    start = Checkpoint.objects.create(
        campaign=campaign, kind=CheckpointKind.POLICY, name="starter", path="starter", digest="d" * 64
    )
    recipe = Recipe.parse({"k": k, "overlap": overlap, "comparisons": comparisons})
    round = Round.objects.create(
        campaign=campaign, number=1, state=RoundState.COLLECTING, recipe=recipe.as_dict(), start_policy=start
    )
    add_comparisons(round=round, completions=lambda: _completions(prompts, k))
    return round


def members_of(round: Round) -> list[User]:
    """The members of the round's campaign, oldest first."""
    return [each.user for each in round.campaign.memberships.select_related("user").order_by("pk")]


def _prompt(campaign: Campaign, number: int, heldout: bool) -> Prompt:
    return Prompt.objects.create(
        campaign=campaign,
        messages=[{"role": "user", "content": f"Prompt {number}"}],
        digest=hashlib.sha256(f"Prompt {number}".encode()).hexdigest(),
        split="heldout" if heldout else "train",
    )


def _completions(prompts: list[Prompt], k: int) -> Iterator[CompletionRow]:
    for number, prompt in enumerate(prompts):
        for index in range(k):
            yield CompletionRow(
                prompt_id=str(prompt.pk),
                index=index,
                text=f"reply {index} to {number}",
                token_ids=[5, 6, index],
                logprobs=[-0.5, -1.0, -1.5],
                temperature=1.0,
                top_p=1.0,
                seed=7,
                finish="stop",
            )
