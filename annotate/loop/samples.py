"""The newest replies of a round, for a researcher who looks on."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from annotate.loop.jobs import stage_folder
from annotate.prompts.models import Prompt
from annotate.ranking.models import Completion
from annotate.rounds.models import Round
from annotate.text import storable
from training.contracts import PARTIAL_COMPLETIONS_FILE, CompletionRow

TAIL_BYTES = 256 * 1024


@dataclass(frozen=True)
class Drawn:
    """``size`` grows with what was drawn; ``samples`` are the newest, newest first."""

    size: int
    samples: list[dict[str, Any]]


def newest_samples(round: Round, *, limit: int) -> list[dict[str, Any]]:
    """The newest replies: of the record if they are in it, else of the stage that is drawing them."""
    recorded = Completion.objects.filter(comparison__round=round).order_by("-pk")
    shapes = [
        sample_shape(item.comparison.prompt.messages, item)
        for item in recorded.select_related("comparison__prompt")[:limit]
    ]
    return shapes or drawn_so_far(round, limit=limit).samples


def drawn_so_far(round: Round, *, limit: int) -> Drawn:
    """What the sample stage has written of its unfinished work."""
    path = stage_folder(round, "sample") / "work" / PARTIAL_COMPLETIONS_FILE
    try:
        size = path.stat().st_size
        with path.open("rb") as handle:
            handle.seek(max(0, size - TAIL_BYTES))
            lines = handle.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return Drawn(0, [])
    rows = [row for line in reversed(lines[-4 * limit :]) if (row := _parse(line)) is not None][:limit]
    return Drawn(size, _shapes(rows))


def sample_shape(messages: list[dict[str, str]], reply: Completion | CompletionRow) -> dict[str, Any]:
    """One reply as a page shows it, with the last turn of its prompt."""
    return {
        "prompt": messages[-1]["content"],
        "text": storable(reply.text),
        "temperature": reply.temperature,
        "finish": reply.finish,
    }


def _parse(line: str) -> CompletionRow | None:
    """A row; None for a line that is being written, or that the tail begins in the middle of."""
    try:
        return CompletionRow(**json.loads(line))
    except (ValueError, TypeError):
        return None


def _shapes(rows: Iterable[CompletionRow]) -> list[dict[str, Any]]:
    by_prompt = {int(row.prompt_id.split(".")[0]): row for row in rows}
    prompts = Prompt.objects.in_bulk(list(by_prompt))
    return [sample_shape(prompts[pk].messages, row) for pk, row in by_prompt.items() if pk in prompts]
