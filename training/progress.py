"""How a running stage tells where it is: a bar for a person, JSON lines for a program."""

from __future__ import annotations

import json
import math
import sys
import time
from typing import TextIO

from tqdm import tqdm

from training.contracts import Progress

LINES_PER_SECOND = 2.0
BEAT_SECONDS = 5.0


class Reporter:
    """Reports the phases of one stage, either as a tqdm bar on stderr or as JSON lines on stdout.

    JSON lines are throttled to about two a second, but the last of a phase is always written.
    Numbers that are not finite are left out, since JSON has none.
    """

    def __init__(self, *, as_json: bool, stream: TextIO | None = None) -> None:
        self._as_json = as_json
        self._stream = stream or sys.stdout
        self._bar: tqdm | None = None
        self._phase = ""
        self._began = self._wrote = time.monotonic()
        self._step = self._begin_step = self._total = self._tokens = 0
        self._unit = "step"

    def start(self, phase: str, *, total: int, unit: str, step: int = 0) -> None:
        """Begin a phase at ``step`` (above 0 when resuming) of ``total``."""
        self.close()
        self._phase, self._total, self._unit, self._tokens = phase, total, unit, 0
        self._began, self._wrote = time.monotonic(), -math.inf
        self._step = self._begin_step = step
        if not self._as_json:
            self._bar = tqdm(total=total, initial=step, desc=phase, unit=unit, leave=True)

    def update(self, step: int, *, tokens: int = 0, metrics: dict[str, float] | None = None) -> None:
        """Say that ``step`` is done; ``tokens`` were worked through since the last call."""
        self._step = step
        self._tokens += tokens
        if self._bar is not None:
            shown = {name: f"{value:.3g}" for name, value in (metrics or {}).items()}
            if self._tokens:
                shown["tokens/s"] = f"{self._tokens / max(time.monotonic() - self._began, 1e-6):.0f}"
            self._bar.set_postfix(shown, refresh=False)
            self._bar.update(step - self._bar.n)
            return
        now = time.monotonic()
        if not self._as_json or (step < self._total and now - self._wrote < 1 / LINES_PER_SECOND):
            return
        self._wrote = now
        seconds = max(now - self._began, 1e-6)
        line: Progress = {"phase": self._phase, "step": step, "total": self._total, "unit": self._unit}
        line["seconds"] = round(seconds, 2)
        done = step - self._begin_step
        if done > 0:
            line["eta_seconds"] = round(seconds / done * (self._total - step), 2)
        if self._tokens:
            line["tokens_per_second"] = round(self._tokens / seconds, 1)
        if metrics:
            line["metrics"] = {name: value for name, value in metrics.items() if math.isfinite(value)}
        self._write(line)

    def beat(self, tokens: int) -> None:
        """Count ``tokens`` on the way to the next step; says so when nothing was said for long."""
        if time.monotonic() - self._wrote < BEAT_SECONDS:
            self._tokens += tokens
        else:
            self.update(self._step, tokens=tokens)

    def say(self, sentence: str) -> None:
        """Tell a person something that is not progress; goes to stderr in both modes."""
        tqdm.write(sentence, file=sys.stderr)

    def fail(self, sentence: str) -> None:
        """Write the last line of a stage that failed."""
        self.close()
        if self._as_json:
            self._write({"error": sentence})
        else:
            sys.stderr.write(f"error: {sentence}\n")

    def close(self) -> None:
        """End the phase."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _write(self, line: Progress) -> None:
        self._stream.write(json.dumps(line) + "\n")
        self._stream.flush()
