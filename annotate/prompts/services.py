"""Importing prompts and choosing those of a round."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Value
from django.db.models.functions import MD5, Concat

from annotate.campaigns.models import Campaign
from annotate.errors import Invalid
from annotate.prompts.jsonl import BadRow, ParsedPrompt, numbered_lines, parse_line
from annotate.prompts.models import Prompt, Split

HELDOUT_SHARE = 0.15
BATCH = 1000
MAX_PROBLEMS = 20


@dataclass(frozen=True)
class ImportResult:
    """How many rows became prompts (by split) and how many the campaign held already."""

    added: int
    duplicates: int
    train: int
    heldout: int


def import_prompts(
    *, campaign: Campaign, stream: BinaryIO, heldout_share: float = HELDOUT_SHARE
) -> ImportResult:
    """Import a JSON-lines file (see ``prompts.jsonl``) into a campaign: all of it or nothing.

    A row without a split gets one by the hash of its conversation, ``heldout_share`` of them held out.
    A conversation that the campaign holds already is counted and left as it is, its split included.
    Raises :class:`Invalid` with up to 20 ``{line, reason}``, or :class:`TooLarge`.
    """
    reader = _Reader(stream)
    with transaction.atomic():
        # One import at a time into a campaign, so that what was added can be counted.
        Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        before = count_prompts(campaign=campaign)
        while rows := list(islice(reader, BATCH)):
            prompts = [_prompt(campaign, row, heldout_share) for row in rows]
            Prompt.objects.bulk_create(prompts, ignore_conflicts=True)
        after = count_prompts(campaign=campaign)
        reader.refuse_if_bad()
    train, heldout = (after[split] - before[split] for split in (Split.TRAIN, Split.HELDOUT))
    return ImportResult(train + heldout, reader.good - train - heldout, train, heldout)


def count_prompts(*, campaign: Campaign) -> dict[str, int]:
    """How many prompts a campaign has in each split."""
    counted = Prompt.objects.filter(campaign=campaign).values_list("split").annotate(Count("pk"))
    return {Split.TRAIN.value: 0, Split.HELDOUT.value: 0} | dict(counted)


def choose_prompts(
    *, campaign: Campaign, split: str, count: int, seed: int, round_number: int
) -> list[Prompt]:
    """At most ``count`` prompts of a split: those used least so far, among equals by a hash of the seed.

    The same arguments choose the same prompts, until comparisons are made of them.
    """
    draw = MD5(Concat(Value(f"{seed}:{round_number}:"), F("digest")))
    return list(Prompt.objects.filter(campaign=campaign, split=split).order_by("used", draw)[:count])


class _Reader:
    """Iterates over the good rows of a file and remembers what was wrong with the others.

    After the first bad row nothing will be kept, so it yields no more: it only looks for further problems.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.good = 0
        self._problems: list[dict[str, Any]] = []
        self._rows = self._read(stream)

    def __iter__(self) -> Iterator[ParsedPrompt]:
        return self._rows

    def refuse_if_bad(self) -> None:
        """Raise :class:`Invalid` if any row was bad or there was none at all."""
        if self._problems:
            first = self._problems[0]
            raise Invalid(
                f"Nothing was imported: line {first['line']}: {first['reason']}.", problems=self._problems
            )
        if not self.good:
            raise Invalid("Nothing was imported: the file is empty.")

    def _read(self, stream: BinaryIO) -> Iterator[ParsedPrompt]:
        for number, line in numbered_lines(stream, most=settings.PROMPT_FILE_MAX_BYTES):
            if line is not None and not line.strip():
                continue
            try:
                row = parse_line(line)
            except BadRow as problem:
                self._problems.append({"line": number, "reason": str(problem)})
                if len(self._problems) == MAX_PROBLEMS:
                    return
                continue
            if not self._problems:
                self.good += 1
                yield row


def _prompt(campaign: Campaign, row: ParsedPrompt, heldout_share: float) -> Prompt:
    digest = row.digest
    drawn = Split.HELDOUT if int(digest[:8], 16) < heldout_share * 2**32 else Split.TRAIN
    return Prompt(
        campaign=campaign,
        messages=row.messages,
        digest=digest,
        split=row.split or drawn,
        external_id=row.external_id,
        safety=row.safety,
    )
