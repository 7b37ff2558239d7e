"""What the loop asks of the ranking room: take in a round's samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from random import Random

from django.db import transaction
from django.db.models import F

from annotate.errors import Invalid
from annotate.prompts.models import Prompt
from annotate.ranking.models import Comparison, Completion
from annotate.rounds.models import Round
from training.contracts import CompletionRow

BATCH = 500


def add_comparisons(*, round: Round, completions: Callable[[], Iterable[CompletionRow]]) -> int:
    """Make the round's comparisons of what was sampled; returns how many, 0 if they are there already.

    A row's ``prompt_id`` is the prompt's id, or ``ID.n`` where a prompt is asked more than once; the rows
    of one ``prompt_id`` are one comparison. The queue's order is drawn from the round's seed, so that a
    collection ended early has its share of held-out prompts. Raises :class:`Invalid` when a prompt
    does not have exactly K completions.

    ``completions`` reads the rows and is called twice: once for the queue's order, once to store them, of
    which no more than a batch, and the prompts that are not yet whole, are held in memory.
    """
    k, seed = int(round.recipe["k"]), round.recipe["seed"]
    keys = sorted(_prompt_ids(completions(), k))
    Random(f"{seed}:{round.number}:queue").shuffle(keys)
    places = {key: position for position, key in enumerate(keys)}
    with transaction.atomic():
        # Whoever comes second waits here, and then sees the comparisons of the first.
        Round.objects.select_for_update(no_key=True).get(pk=round.pk)
        if round.comparisons.exists():
            return 0
        groups = _groups(completions(), k)
        while batch := list(islice(groups, BATCH)):
            _add_batch(round, [(places[rows[0].prompt_id], rows) for rows in batch])
        for uses, prompts in _by_uses(keys).items():
            Prompt.objects.filter(pk__in=prompts).update(used=F("used") + uses)
    return len(keys)


def _prompt_ids(rows: Iterable[CompletionRow], k: int) -> Iterable[str]:
    """Every prompt's id, after a look that each has the indices 0 to K - 1 once."""
    indices: dict[str, bytes] = {}
    for row in rows:
        known = row.index if 0 <= row.index < k else 255
        indices[row.prompt_id] = indices.get(row.prompt_id, b"") + bytes([known])
    for prompt_id, found in indices.items():
        if sorted(found) != list(range(k)):
            raise Invalid(f"Prompt {prompt_id} has {len(found)} completions where {k} were asked for.")
    return indices.keys()


def _groups(rows: Iterable[CompletionRow], k: int) -> Iterator[list[CompletionRow]]:
    """The rows of each prompt, as soon as all K are there."""
    open_groups: dict[str, list[CompletionRow]] = {}
    for row in rows:
        group = open_groups.setdefault(row.prompt_id, [])
        group.append(row)
        if len(group) == k:
            yield open_groups.pop(row.prompt_id)


def _add_batch(round: Round, batch: Sequence[tuple[int, list[CompletionRow]]]) -> None:
    comparisons = Comparison.objects.bulk_create(
        Comparison(
            round=round,
            prompt_id=_prompt_pk(rows[0].prompt_id),
            position=position,
            overlap=round.recipe["overlap"],
        )
        for position, rows in batch
    )
    Completion.objects.bulk_create(
        _completion(round, comparison, row)
        for comparison, (_, rows) in zip(comparisons, batch, strict=True)
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
