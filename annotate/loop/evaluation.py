"""Reading back what the evaluate stage wrote."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

from annotate.loop.models import RunState
from annotate.rounds.models import Round

MOST_SAMPLES = 500


def evaluation_of(round: Round) -> dict[str, Any] | None:
    """The metrics and the judged replies of a round; None before it was evaluated."""
    run = round.runs.filter(stage="evaluate", state=RunState.SUCCEEDED).first()
    if run is None or run.result is None:
        return None
    path = Path(run.job["output"]) / run.result["files"]["evaluation"]
    with path.open(encoding="utf-8") as handle:
        samples = [json.loads(line) for line in islice(handle, MOST_SAMPLES)]
    return {"metrics": run.result["metrics"], "samples": samples}
