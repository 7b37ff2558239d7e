"""What a running stage says, on its way to the database and the pages."""

from __future__ import annotations

import math
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from annotate.live.events import publish, round_topic
from annotate.loop.models import RunMetric, TrainingRun
from annotate.loop.runs import Claim
from annotate.loop.samples import drawn_so_far
from annotate.text import storable

SHOWN_SAMPLES = 4
_NUMBERS = ("step", "total", "seconds", "eta_seconds", "tokens_per_second")
_TEXTS = ("phase", "unit")


class Telemetry:
    """Collects lines between two writes. What could not be written is kept for the next one."""

    def __init__(self, claim: Claim, run: TrainingRun) -> None:
        self._claim = claim
        self._run = run
        self._progress: dict[str, Any] = {}
        self._told: dict[str, Any] = {}
        self._metrics: dict[int, dict[str, float]] = {}
        self._samples_told = 0

    def note(self, line: dict[str, Any]) -> None:
        """Take in one progress line; what is not a number or a word where one belongs is left out."""
        progress = {name: line[name] for name in _NUMBERS if _finite(line.get(name))}
        progress |= {name: storable(line[name][:100]) for name in _TEXTS if isinstance(line.get(name), str)}
        if "error" in line or not progress:
            return
        metrics = line.get("metrics")
        values = (
            {storable(k): v for k, v in metrics.items() if _finite(v)} if isinstance(metrics, dict) else {}
        )
        self._progress = {**progress, "metrics": values}
        if values and isinstance(progress.get("step"), int) and progress["step"] >= 0:
            self._metrics[progress["step"]] = values

    def write(self) -> bool:
        """Write heartbeat, progress and metrics in one transaction; False when the claim is lost."""
        run, topic = self._run, round_topic(self._run.round_id)
        with transaction.atomic():
            if not self._claim.rows().update(heartbeat_at=Now(), progress=self._progress):
                return False
            self._write_metrics()
            if self._progress != self._told:
                payload = {"run_id": run.pk, "stage": run.stage, "progress": self._progress}
                publish(topic=topic, kind="progress", payload=payload)
            for step, values in self._metrics.items():
                payload = {"run_id": run.pk, "stage": run.stage, "step": step, "values": values}
                publish(topic=topic, kind="metric", payload=payload)
            drawn = self._publish_samples(topic)
        self._told, self._metrics, self._samples_told = self._progress, {}, drawn
        return True

    def _write_metrics(self) -> None:
        # A resumed stage does some steps again; their newest numbers count.
        now = timezone.now()
        rows = [RunMetric(run=self._run, step=step, values=v, at=now) for step, v in self._metrics.items()]
        RunMetric.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["run", "step"],
            update_fields=["values", "at"],
        )

    def _publish_samples(self, topic: str) -> int:
        """Show a few of the newest replies while a round is sampled; returns how many were drawn."""
        if self._run.stage != "sample":
            return 0
        drawn = drawn_so_far(self._run.round, limit=SHOWN_SAMPLES)
        if drawn.size != self._samples_told and drawn.samples:
            publish(topic=topic, kind="samples", payload={"completions": drawn.samples})
        return drawn.size


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
