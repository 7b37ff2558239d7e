"""Rankings as training reads them: from the annotations that stand, or from a frozen snapshot."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.utils.crypto import salted_hmac

from annotate.prompts.models import Split
from annotate.ranking.models import Annotation, Completion
from annotate.rounds.models import Round
from training.contracts import RankedCompletion, RankingRow

CHUNK = 500


def standing_rows(round: Round) -> Iterator[RankingRow]:
    """The annotations of a round that stand now, in the order of its queue."""
    annotations = (
        Annotation.objects.filter(assignment__comparison__round=round, withdrawn_at=None)
        .select_related("assignment__comparison__prompt")
        .prefetch_related("assignment__comparison__completions")
        .order_by("assignment__comparison__position", "pk")
    )
    for annotation in annotations.iterator(chunk_size=CHUNK):
        yield _row(annotation, round)


def frozen_rows(path: Path) -> Iterator[RankingRow]:
    """The rankings of a snapshot file, one at a time."""
    with path.open(encoding="utf-8") as handle:
        for line in handle:
            raw = json.loads(line)
            raw["completions"] = [RankedCompletion(**completion) for completion in raw["completions"]]
            yield RankingRow(**raw)


def as_line(row: object) -> bytes:
    """A row (a dataclass or a plain object) as one JSON line."""
    plain = asdict(row) if isinstance(row, RankingRow) else row
    return json.dumps(plain, ensure_ascii=False).encode() + b"\n"


def _row(annotation: Annotation, round: Round) -> RankingRow:
    comparison = annotation.assignment.comparison
    by_index = {completion.index: completion for completion in comparison.completions.all()}
    said = annotation.judgements
    return RankingRow(
        prompt_id=str(comparison.prompt_id),
        messages=comparison.prompt.messages,
        completions=[_ranked(by_index[index], said[index] if said else {}) for index in annotation.ranking],
        gaps=annotation.gaps,
        fold="heldout" if comparison.prompt.split == Split.HELDOUT else "train",
        round=round.number,
        annotator=_pseudonym(annotation.assignment.annotator_id, round.campaign_id),
        all_bad=annotation.all_bad,
    )


def _ranked(completion: Completion, said: dict[str, Any]) -> RankedCompletion:
    """A completion with what was said of it; the notes of its flags stay on the platform."""
    return RankedCompletion(
        text=completion.text,
        token_ids=completion.token_ids,
        finish="stop" if completion.finish == "stop" else "length",
        completion_id=str(completion.uid),
        **{key: said[key] for key in ("safe", "attributes", "thumb", "edit") if key in said},
        flags=[flag["reason"] for flag in said.get("flags", [])],
    )


def _pseudonym(user_id: int, campaign_id: int) -> str:
    """A name that tells a campaign's annotators apart and not who they are.

    Keyed with the installation's secret: user ids are few, and a plain hash of them could be tried out.
    """
    return f"annotator-{salted_hmac('annotator', f'{campaign_id}:{user_id}').hexdigest()[:12]}"
