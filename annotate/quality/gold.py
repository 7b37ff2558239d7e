"""Gold comparisons: marking them, serving them among the others, and measuring annotators on them."""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass
from random import Random

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from rest_framework.exceptions import NotFound

from annotate.accounts.models import User
from annotate.campaigns.access import require_member
from annotate.campaigns.models import Campaign, CampaignKind, Membership
from annotate.campaigns.task import Task
from annotate.errors import Conflict, Invalid
from annotate.quality.agreement import Agreement, Score, score, together
from annotate.quality.models import Gold
from annotate.ranking.answers import check_ranking
from annotate.ranking.models import Annotation, Comparison, Participation
from annotate.rounds.models import RoundState

OWN_SHOWN = 20
NEAREST = 1000
"""Gold takes a place among so many of the next comparisons that nobody has had."""
_ASIDE = 2**31 - 1
"""A queue position that no comparison has, for the moment in which two change places."""


@dataclass(frozen=True)
class GoldAnswer:
    """An annotation of a gold comparison beside its gold, and how far they agree."""

    annotation: Annotation
    gold: Gold
    score: Score


@dataclass(frozen=True)
class OwnGold:
    """One's own agreement with gold, and one's newest answers beside it."""

    score: Agreement
    answers: list[GoldAnswer]


def mark_gold(
    *,
    user: User,
    comparison_uid: uuid.UUID,
    ranking: list[int] | None = None,
    gaps: list[int | None] | None = None,
    annotation_uid: uuid.UUID | None = None,
    explanation: str = "",
    ask: int | None = None,
) -> Gold:
    """Hold a ranking to be right: a given one, or an annotation's. Marking again replaces it.

    ``ask``: how many people shall rank it. The comparison then has that many slots, and if the queue has
    passed it by, it changes places with one that nobody has had yet: it comes among the others.

    1. The comparison is locked, so that nobody's lease reads half of this.
    2. The gold is written; a wrong ranking changes nothing.
    3. Slots are added and places changed, while the round collects.

    Raises 404, :class:`Invalid` for a ranking that is none or more people than there are, and
    :class:`Conflict` when more are to be asked and the round no longer collects.
    """
    with transaction.atomic():
        comparison = _hold(comparison_uid)
        source = _annotation_of(comparison, annotation_uid)
        if source is not None:
            ranking, gaps = source.ranking, source.gaps
        if ranking is None or gaps is None:
            raise Invalid("Gold needs an annotation, or a ranking with its gaps.")
        check_ranking(ranking, gaps, comparison.completions.count())
        gold, _ = Gold.objects.update_or_create(
            comparison=comparison,
            defaults={
                "ranking": ranking,
                "gaps": gaps,
                "annotation": source,
                "explanation": explanation,
                "marked_by": user,
                "marked_at": timezone.now(),
            },
        )
        if ask is not None:
            _ask(comparison, ask)
    return gold


def unmark_gold(*, comparison_uid: uuid.UUID) -> None:
    """Hold no ranking of it to be right any more; what people said stays, slots not yet used go.

    Raises 404 where there is no gold.
    """
    with transaction.atomic():
        comparison = _hold(comparison_uid)
        gone, _ = Gold.objects.filter(comparison=comparison).delete()
        if not gone:
            raise NotFound("This comparison has no gold ranking.")
        unused = min(comparison.extra, comparison.overlap - comparison.taken)
        comparison.overlap -= unused
        comparison.extra -= unused
        comparison.save(update_fields=["overlap", "extra"])


def gold_of(campaign: Campaign) -> QuerySet[Gold]:
    """The gold of a campaign with all that a reviewer looks at, newest first."""
    found = Gold.objects.filter(comparison__round__campaign=campaign)
    whole = found.select_related("comparison__round", "comparison__prompt", "marked_by")
    return whole.prefetch_related("comparison__completions").order_by("-marked_at", "-pk")


def scores_of(campaign: Campaign) -> list[tuple[User, Agreement]]:
    """Every annotator's agreement with the campaign's gold, by name; who was never asked is left out."""
    found: defaultdict[User, list[Score]] = defaultdict(list)
    for answer in _answers(campaign):
        found[answer.annotation.assignment.annotator].append(answer.score)
    totals = [(user, together(scores)) for user, scores in found.items()]
    return sorted(totals, key=lambda each: each[0].username)


def own_gold(*, campaign: Campaign, user: User) -> OwnGold | None:
    """One's own agreement with gold, None where the campaign does not show it. Raises 403 to non-members.

    Of rounds that no longer collect: before, one could find the gold by amending until the number is right.
    """
    require_member(campaign, user)
    if not Task.parse(campaign.task).show_gold:
        return None
    answers = [
        answer
        for answer in _answers(campaign, annotator=user)
        if answer.annotation.assignment.comparison.round.state != RoundState.COLLECTING
    ]
    return OwnGold(together([answer.score for answer in answers]), answers[:OWN_SHOWN])


def _answers(campaign: Campaign, annotator: User | None = None) -> list[GoldAnswer]:
    """What stands of gold comparisons, newest first, less what was said by those who made the gold."""
    of_gold = {"assignment__comparison__gold__isnull": False, "withdrawn_at": None}
    found = Annotation.objects.filter(assignment__comparison__round__campaign=campaign, **of_gold)
    if annotator is not None:
        found = found.filter(assignment__annotator=annotator)
    whole = found.select_related(
        "assignment__annotator",
        "assignment__comparison__round",
        "assignment__comparison__prompt",
        "assignment__comparison__gold__annotation__assignment",
    )
    answers = []
    for annotation in whole.order_by("-submitted_at", "-pk"):
        gold: Gold = annotation.assignment.comparison.gold
        if annotation.assignment.annotator_id not in _makers(gold):
            said = score((annotation.ranking, annotation.gaps), (gold.ranking, gold.gaps))
            answers.append(GoldAnswer(annotation, gold, said))
    return answers


def _makers(gold: Gold) -> set[int]:
    source = gold.annotation
    return {gold.marked_by_id} | ({source.assignment.annotator_id} if source is not None else set())


def _hold(uid: uuid.UUID) -> Comparison:
    found = Comparison.objects.select_for_update(of=("self",), no_key=True).select_related("round__campaign")
    comparison = found.filter(uid=uid).first()
    if comparison is None:
        raise NotFound("There is no such comparison.")
    return comparison


def _annotation_of(comparison: Comparison, uid: uuid.UUID | None) -> Annotation | None:
    if uid is None:
        return None
    standing = Annotation.objects.filter(assignment__comparison=comparison, withdrawn_at=None)
    found = standing.filter(uid=uid).first()
    if found is None:
        raise Invalid("annotation must be one of this comparison that stands.")
    return found


def _ask(comparison: Comparison, people: int) -> None:
    """Give the comparison slots for this many people, and a place where they still come by."""
    if comparison.round.state != RoundState.COLLECTING:
        raise Conflict("This round no longer collects: nobody can be asked any more.")
    if comparison.round.campaign.kind == CampaignKind.CHAT:
        raise Conflict("What was written in a chat is ranked by who wrote it: nobody else can be asked.")
    members = Membership.objects.filter(campaign=comparison.round.campaign_id).count()
    if people > members:
        raise Invalid(f"ask must be at most {members}, the campaign's members.")
    more = people - comparison.overlap
    if more <= 0:
        return
    comparison.overlap += more
    comparison.extra += more
    comparison.save(update_fields=["overlap", "extra"])
    _put_ahead(comparison)


def _put_ahead(comparison: Comparison) -> None:
    """Change places with a random comparison that nobody has had yet, if people have passed this one."""
    of_round = Participation.objects.filter(round=comparison.round_id)
    reached = of_round.aggregate(furthest=Max("cursor"))["furthest"]
    if reached is None or comparison.position > reached:
        return
    untouched = Comparison.objects.filter(
        round=comparison.round_id, position__gt=reached, taken=0, retired_at=None, gold=None
    )
    ahead = list(untouched.order_by("position").values_list("pk", flat=True)[:NEAREST])
    if not ahead:
        return
    round = comparison.round
    drawn = Random(f"{round.recipe['seed']}:{round.number}:gold:{comparison.position}").choice(ahead)
    other = Comparison.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=drawn).first()
    if other is not None and other.taken == 0:
        here, there = comparison.position, other.position
        for pk, place in ((comparison.pk, _ASIDE), (other.pk, here), (comparison.pk, there)):
            Comparison.objects.filter(pk=pk).update(position=place)
