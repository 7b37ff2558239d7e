"""What one said oneself in a campaign, to look at and, while the round collects, to amend."""

from __future__ import annotations

import uuid

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet
from rest_framework.exceptions import NotFound

from annotate.accounts.models import User
from annotate.campaigns.models import Campaign
from annotate.prompts.turns import Turns
from annotate.ranking.assignments import find_assignment
from annotate.ranking.models import Annotation, Completion
from annotate.ranking.submissions import standing

_TEXTS = Completion.objects.only("comparison", "index", "text").order_by("index")


def own_annotations(
    *,
    user: User,
    campaign: Campaign,
    q: str = "",
    round: int | None = None,
    amended: bool | None = None,
) -> QuerySet[Annotation]:
    """One's annotations that stand, newest first; ``q`` is text of the prompt, an answer or the reason,
    ``round`` a round's number."""
    found = _whole(standing(user)).filter(assignment__comparison__round__campaign=campaign)
    if q:
        answers = Completion.objects.filter(comparison=OuterRef("assignment__comparison"), text__icontains=q)
        found = found.annotate(turns=Turns(F("assignment__comparison__prompt__messages"))).filter(
            Q(turns__icontains=q) | Q(rationale__icontains=q) | Exists(answers)
        )
    if round is not None:
        found = found.filter(assignment__comparison__round__number=round)
    if amended is not None:
        found = found.filter(amends__isnull=not amended)
    return found.order_by("-submitted_at", "-pk")


def own_annotation(*, user: User, uid: uuid.UUID) -> tuple[Annotation, list[Annotation]]:
    """What stands of one's own assignment that ``uid`` is an annotation of, and all that was ever said of
    it, oldest first. Raises 404, also when it was taken back, and 403 when it is another's.
    """
    asked = Annotation.objects.select_related("assignment").filter(uid=uid).first()
    if asked is None:
        raise NotFound("There is no such annotation.")
    mine = find_assignment(user=user, uid=asked.assignment.uid)
    stands = _whole(standing(user)).filter(assignment=mine).first()
    if stands is None:
        raise NotFound("You took this annotation back.")
    trail = list(Annotation.objects.filter(assignment=mine).order_by("submitted_at", "pk"))
    for said in trail:
        said.assignment = mine
    return stands, trail


def _whole(annotations: QuerySet[Annotation]) -> QuerySet[Annotation]:
    together = annotations.select_related("assignment__comparison__round", "assignment__comparison__prompt")
    return together.prefetch_related(Prefetch("assignment__comparison__completions", queryset=_TEXTS))
