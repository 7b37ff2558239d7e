"""What people do to rounds, and what a campaign's champion is."""

from __future__ import annotations

import json
from dataclasses import replace

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet

from annotate.accounts.models import User
from annotate.campaigns.chat import Chat, require_known_servers
from annotate.campaigns.models import Campaign, CampaignKind
from annotate.campaigns.recipe import Recipe, require_judge
from annotate.errors import Conflict, Invalid
from annotate.live.events import publish, round_topic
from annotate.prompts.models import Prompt, Split
from annotate.rounds.digests import model_digest
from annotate.rounds.models import (
    ENDED,
    Checkpoint,
    CheckpointKind,
    Promotion,
    Round,
    RoundEvent,
    RoundState,
)
from annotate.rounds.transitions import move


def launch_round(*, campaign: Campaign, overrides: object, actor: User | None) -> Round:
    """Open a round that starts from the champion, with the campaign's recipe and these overrides.

    Raises :class:`Conflict` when a round is open or the campaign is archived, :class:`Invalid` for a wrong
    recipe or a campaign without prompts in a split.
    """
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update().get(pk=campaign.pk)
        recipe = Recipe.parse(overrides, base=Recipe.parse(campaign.recipe))
        require_judge(recipe)
        _require_ready(campaign, recipe)
        newest = campaign.rounds.order_by("-number").first()
        try:
            with transaction.atomic():
                round = Round.objects.create(
                    campaign=campaign,
                    number=newest.number + 1 if newest else 1,
                    recipe=recipe.as_dict(),
                    start_policy=champion_of(campaign) or _first_policy(campaign),
                    created_by=actor,
                )
        except IntegrityError as problem:
            raise Conflict("Another round was opened at this moment: end it first.") from problem
        RoundEvent.objects.create(round=round, to_state=round.state, actor=actor, reason="launched")
        publish(
            topic=round_topic(round.pk),
            kind="state",
            payload={
                "from": "",
                "to": round.state,
                "reason": "launched",
                "actor": actor.username if actor else None,
            },
        )
    return round


def champion_of(campaign: Campaign) -> Checkpoint | None:
    """The policy that the next round starts from; None before the first round of a campaign."""
    promotion = campaign.promotions.select_related("checkpoint").order_by("-pk").first()
    return promotion.checkpoint if promotion else first_policy_of(campaign)


def first_policy_of(campaign: Campaign) -> Checkpoint | None:
    """The policy that the campaign began with: the base of every KL."""
    return campaign.checkpoints.filter(kind=CheckpointKind.POLICY, parent=None).first()


def checkpoint_of(round: Round, kind: CheckpointKind) -> Checkpoint | None:
    """The challenger, or what scores replies, that this round trained, if it has come so far."""
    return round.checkpoints.filter(kind=kind).first()


def checkpoint_before(round: Round, kind: CheckpointKind) -> Checkpoint | None:
    """The newest of the kind that the campaign's earlier rounds trained."""
    earlier = Checkpoint.objects.filter(
        campaign_id=round.campaign_id, kind=kind, round__number__lt=round.number
    )
    return earlier.order_by("-round__number").first()


def promote(*, round: Round, actor: User | None, reason: str = "") -> Round:
    """Make the challenger the champion and close the round."""
    with transaction.atomic():
        move(round=round, to=RoundState.CLOSED, actor=actor, reason=_because("promoted", reason))
        challenger = round.checkpoints.get(kind=CheckpointKind.POLICY)
        Promotion.objects.create(
            campaign_id=round.campaign_id, checkpoint=challenger, round=round, actor=actor
        )
    return round


def reject(*, round: Round, actor: User | None, reason: str = "") -> Round:
    """Keep the champion and close the round."""
    return move(round=round, to=RoundState.CLOSED, actor=actor, reason=_because("rejected", reason))


def cancel(*, round: Round, actor: User | None) -> Round:
    """End the round for good; what was collected stays on record."""
    return move(round=round, to=RoundState.CANCELLED, actor=actor, reason="cancelled")


def retry(*, round: Round, actor: User | None, params: object = None) -> Round:
    """Go back to the state in which the round failed.

    ``params`` take the place of the recipe's, for the stages that are still to run: what a stage refuses,
    or runs out of memory with, is only found out after people have ranked. Raises :class:`Invalid` where
    they are none.
    """
    if round.state != RoundState.FAILED:
        raise Conflict(f"Round {round.number} is {round.state}: only a failed round can be retried.")
    if params is None:
        return move(round=round, to=RoundState(round.failed_in), actor=actor, reason="retried")
    recipe = replace(Recipe.parse(round.recipe), params=Recipe.parse({"params": params}).params)
    reason = f"retried with params {json.dumps(recipe.params, ensure_ascii=False)}"
    with transaction.atomic():
        move(round=round, to=RoundState(round.failed_in), actor=actor, reason=reason)
        round.recipe = recipe.as_dict()
        round.save(update_fields=["recipe"])
    return round


def hold_state(*, round_id: int) -> RoundState:
    """The round's state, which cannot change until the caller's transaction ends.

    A shared lock: annotations are submitted side by side, while the move that ends the collection waits
    for them, and those that come later see the new state.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT state FROM rounds_round WHERE id = %s FOR SHARE", [round_id])
        row = cursor.fetchone()
    if row is None:
        raise Round.DoesNotExist
    return RoundState(row[0])


def _require_ready(campaign: Campaign, recipe: Recipe) -> None:
    if campaign.archived_at is not None:
        raise Conflict(f"{campaign.name} is archived: bring it back before you launch a round.")
    running = campaign.rounds.exclude(state__in=ENDED).first()
    if running is not None:
        raise Conflict(f"Round {running.number} is still open: end it first.")
    if campaign.kind == CampaignKind.CHAT:
        _require_can_talk(campaign, recipe)
        return
    for split, purpose in ((Split.TRAIN, "train"), (Split.HELDOUT, "held-out")):
        if not Prompt.objects.filter(campaign=campaign, split=split).exists():
            raise Invalid(f"{campaign.name} has no {purpose} prompts: import some first.")


def _require_can_talk(campaign: Campaign, recipe: Recipe) -> None:
    """In a chat people write the prompts; what must be there is who answers, and a share to measure on."""
    chat = Chat.parse(campaign.chat)
    require_known_servers(chat)
    for source in chat.sources:
        if (
            source["from"] == "checkpoint"
            and not policies_of(campaign).filter(pk=source["checkpoint"]).exists()
        ):
            raise Invalid(f"{campaign.name} has no policy with the number {source['checkpoint']}.")
    heldout = Prompt.objects.filter(campaign=campaign, split=Split.HELDOUT)
    if recipe.heldout_share == 0 and not heldout.exists():
        raise Invalid(
            "There is nothing to measure the challenger on: "
            "set heldout_share above 0, or import held-out prompts."
        )


def policies_of(campaign: Campaign) -> QuerySet[Checkpoint]:
    """The campaign's own policies: what may write replies here."""
    return campaign.checkpoints.filter(kind=CheckpointKind.POLICY)


def _first_policy(campaign: Campaign) -> Checkpoint:
    return Checkpoint.objects.create(
        campaign=campaign,
        kind=CheckpointKind.POLICY,
        name=campaign.model.rstrip("/").rsplit("/", 1)[-1][:120],
        path=campaign.model,
        digest=model_digest(campaign.model),
    )


def _because(verdict: str, reason: str) -> str:
    return f"{verdict}: {reason}" if reason else verdict
