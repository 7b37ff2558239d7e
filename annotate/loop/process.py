"""The process of one stage: started in its own group, read line by line, stopped as a group."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from annotate.processes import Program, spawn, stop

LONGEST_LINE = 1 << 20
LOG_TAIL = 4096


class StageProcess:
    """``with StageProcess(argv, log, cwd) as process:`` the process does not outlive the block.

    Its standard output is JSON lines; whatever else it says goes to ``log``. It stands back by ``nice`` for
    the pages, whose answers people wait for.
    """

    def __init__(self, argv: Sequence[str], log: Path, cwd: Path, nice: int) -> None:
        self._program = Program(name="stage", argv=argv, stop_seconds=30.0, nice=nice)
        self._log_path = log
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log = log.open("ab")
        try:
            self._process = spawn(self._program, self._log, stdout=subprocess.PIPE, cwd=cwd)
        except BaseException:
            self._log.close()
            raise
        self._lines: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        stop(self._process, self._program)
        self._reader.join(timeout=5.0)
        self._log.close()

    def read(self, seconds: float) -> dict[str, Any] | None:
        """The next line, waiting up to ``seconds`` for it.

        Raises :class:`queue.Empty` when there was none; None says that the process has ended.
        """
        return self._lines.get(timeout=seconds)

    def exit_code(self) -> int:
        """Wait for the end; below 0 it is the signal that ended it."""
        return self._process.wait()

    def last_words(self) -> str:
        """The last line that is in the log."""
        with self._log_path.open("rb") as handle:
            handle.seek(max(0, self._log_path.stat().st_size - LOG_TAIL))
            lines = handle.read().decode("utf-8", "replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "nothing")

    def _read(self) -> None:
        assert self._process.stdout is not None
        while line := self._process.stdout.readline(LONGEST_LINE):
            try:
                value = json.loads(line)
            except ValueError:
                value = None
            if isinstance(value, dict):
                self._lines.put(value)
            else:
                # A full disk must not stop the reading: the process would wait for ever.
                with contextlib.suppress(OSError):
                    self._log.write(line)
                    self._log.flush()
        self._lines.put(None)
