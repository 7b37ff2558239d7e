"""What the loop asks of the ranking room: take in a round's samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from random import Random

from django.db import transaction
from django.db.models import F

from annotate.errors import Invalid
from annotate.prompts.models import Prompt
from annotate.ranking.models import Comparison, Completion
from annotate.rounds.models import Round
from training.contracts import CompletionRow

BATCH = 500


def add_comparisons(*, round: Round, completions: Iterable[CompletionRow]) -> int:
    """Make the round's comparisons of what was sampled; returns how many, 0 if they are there already.

    A row's ``prompt_id`` is the prompt's id, or ``ID.n`` where a prompt is asked more than once; the rows
    of one ``prompt_id`` are one comparison. The queue's order is drawn from the round's seed, so that a
    collection ended early has its share of held-out prompts. Raises :class:`Invalid` when a prompt
    does not have exactly K completions.
    """
    k, seed = int(round.recipe["k"]), round.recipe["seed"]
    groups: dict[str, list[CompletionRow]] = {}
    for row in completions:
        groups.setdefault(row.prompt_id, []).append(row)
    for prompt_id, rows in groups.items():
        if sorted(row.index for row in rows) != list(range(k)):
            raise Invalid(f"Prompt {prompt_id} has {len(rows)} completions where {k} were asked for.")
    keys = sorted(groups)
    Random(f"{seed}:{round.number}:queue").shuffle(keys)
    with transaction.atomic():
        # Whoever comes second waits here, and then sees the comparisons of the first.
        Round.objects.select_for_update(no_key=True).get(pk=round.pk)
        if round.comparisons.exists():
            return 0
        for start in range(0, len(keys), BATCH):
            _add_batch(round, start, [groups[key] for key in keys[start : start + BATCH]])
        for uses, prompts in _by_uses(keys).items():
            Prompt.objects.filter(pk__in=prompts).update(used=F("used") + uses)
    return len(keys)


def _add_batch(round: Round, start: int, groups: list[list[CompletionRow]]) -> None:
    comparisons = Comparison.objects.bulk_create(
        Comparison(
            round=round,
            prompt_id=_prompt_pk(rows[0].prompt_id),
            position=position,
            overlap=round.recipe["overlap"],
        )
        for position, rows in enumerate(groups, start=start)
    )
    Completion.objects.bulk_create(
        _completion(round, comparison, row)
        for comparison, rows in zip(comparisons, groups, strict=True)
        for row in rows
    )


def _completion(round: Round, comparison: Comparison, row: CompletionRow) -> Completion:
    return Completion(
        comparison=comparison,
        index=row.index,
        checkpoint_id=round.start_policy_id,
        # A byte-level model can write a NUL, which PostgreSQL cannot store; token_ids keep what it wrote.
        text=row.text.replace("\x00", "\ufffd"),
        token_ids=row.token_ids,
        logprobs=row.logprobs,
        temperature=row.temperature,
        top_p=row.top_p,
        seed=row.seed,
        finish=row.finish,
    )


def _by_uses(prompt_ids: list[str]) -> dict[int, list[int]]:
    uses: dict[int, list[int]] = {}
    for prompt, count in Counter(_prompt_pk(prompt_id) for prompt_id in prompt_ids).items():
        uses.setdefault(count, []).append(prompt)
    return uses


def _prompt_pk(prompt_id: str) -> int:
    return int(prompt_id.split(".")[0])
