"""Who writes the replies of a turn: the campaign's sources and temperatures, dealt in turn."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from annotate.campaigns.chat import Chat, require_known_servers
from annotate.campaigns.models import Campaign
from annotate.campaigns.recipe import Recipe
from annotate.chat.models import Turn
from annotate.errors import Invalid
from annotate.rounds.digests import model_location
from annotate.rounds.models import Checkpoint, CheckpointKind, Round
from annotate.rounds.services import policies_of

MOST_READY = 2
"""As many models as the generator keeps loaded."""


@dataclass(frozen=True)
class Voice:
    """One reply to be written: by which model, and how it is sampled.

    ``model`` is the folder of an own model, or the name that the server at ``url`` knows it by.
    """

    index: int
    checkpoint: Checkpoint
    model: str
    url: str
    temperature: float
    top_p: float
    seed: int


def voices_of(turn: Turn) -> list[Voice]:
    """Who answers this turn. The seeds are the same for every attempt, so an own model says the same again.

    Raises :class:`Invalid` when the campaign names a checkpoint or a server that is not there (any more).
    """
    round = turn.conversation.round
    chat, recipe = Chat.parse(round.campaign.chat), Recipe.parse(round.recipe)
    require_known_servers(chat)
    voices = []
    for index in range(recipe.k):
        source = chat.sources[index % len(chat.sources)]
        is_outside = source["from"] == "endpoint"
        checkpoint = _checkpoint(round.campaign, source, champion=round.start_policy)
        voices.append(
            Voice(
                index=index,
                checkpoint=checkpoint,
                model=source["model"] if is_outside else model_location(checkpoint.path),
                url=source["url"] if is_outside else "",
                temperature=recipe.temperatures[index % len(recipe.temperatures)],
                top_p=recipe.top_p,
                seed=_seed(turn, recipe.seed, index),
            )
        )
    return voices


def own_models(round: Round) -> list[str]:
    """The folders of the campaign's own models that answer in a round, or weigh the replies of others."""
    sources = Chat.parse(round.campaign.chat).sources
    own = [source for source in sources if source["from"] != "endpoint"]
    checkpoints = [
        _checkpoint(round.campaign, source, champion=round.start_policy) for source in own[:MOST_READY]
    ]
    if len(own) < min(len(sources), MOST_READY):
        checkpoints.append(round.start_policy)
    return list(dict.fromkeys(model_location(checkpoint.path) for checkpoint in checkpoints))


def _checkpoint(campaign: Campaign, source: dict[str, Any], *, champion: Checkpoint) -> Checkpoint:
    if source["from"] == "endpoint":
        return _outside_model(campaign, url=source["url"], model=source["model"])
    if source["from"] == "champion":
        return champion
    found = policies_of(campaign).filter(pk=source["checkpoint"]).first()
    if found is None:
        raise Invalid(f"{campaign.name} has no policy with the number {source['checkpoint']}.")
    return found


def _outside_model(campaign: Campaign, *, url: str, model: str) -> Checkpoint:
    """The record of a model on a server of others: all that is known of it is its name there."""
    path = f"{url} {model}"
    return Checkpoint.objects.get_or_create(
        campaign=campaign,
        kind=CheckpointKind.OUTSIDE,
        path=path[:500],
        defaults={"name": model[:120]},
    )[0]


def _seed(turn: Turn, recipe_seed: int, index: int) -> int:
    """48 bits, as for sampled replies."""
    name = f"{recipe_seed}/{turn.conversation.uid}/{turn.number}/{index}"
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big")
