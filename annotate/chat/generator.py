"""The process that keeps the campaign's own models loaded (``python -m training serve``), and asking it.

It is started when it is first needed and ended when nobody has asked for a while, so that a house without
conversations does not pay for it. When it dies, everybody who waits for it is told; the next to ask starts
another.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings

from annotate.chat.events import Event, Fits, Piece, Trouble, Whole
from annotate.chat.sources import Voice
from annotate.chat.writing import Written
from annotate.processes import Program, spawn, stop
from training.contracts import Message

log = logging.getLogger(__name__)

IDLE_SECONDS = 600.0
LONGEST_LINE = 16 * 1024 * 1024
GONE = Trouble("The process that runs the models ended while it wrote.", lost=True)
BROKEN = "A model of this campaign could not write. Try again; if it goes on, tell who runs the campaign."

Hear = Callable[[Event], None]


class Generator:
    """One resident process at most, for any number of threads that ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._waiting: dict[str, tuple[list[Voice], Hear]] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._asked = time.monotonic()

    def ask(
        self, voices: Sequence[Voice], messages: Sequence[Message], *, max_new_tokens: int, hear: Hear
    ) -> str:
        """Have replies written by ``voices`` of one model; ``hear`` is called from another thread.

        Returns what :meth:`cancel` wants to know.
        """
        request = {
            "model": voices[0].model,
            "messages": list(messages),
            "replies": [
                {"seed": voice.seed, "temperature": voice.temperature, "top_p": voice.top_p}
                for voice in voices
            ],
            "max_new_tokens": max_new_tokens,
        }
        return self._send(request, voices, hear)

    def ask_whether_it_fits(
        self, model: str, messages: Sequence[Message], replies: Sequence[str], *, hear: Hear
    ) -> str:
        """Whether an own model can learn from replies that others wrote; else as :meth:`ask`."""
        request = {"model": model, "messages": list(messages), "written": list(replies)}
        return self._send(request, (), hear)

    def make_ready(self, models: Sequence[str]) -> None:
        """Have models loaded before anybody asks: loading takes longer than a person is glad to wait."""
        with self._lock:
            self._asked = time.monotonic()
            if self._process is None:
                self._start()
            for model in models:
                self._write({"load": model})

    def cancel(self, name: str) -> None:
        """Want a request no more, or have all of it; nothing more is heard of it."""
        with self._lock:
            if self._waiting.pop(name, None) is not None:
                self._write({"cancel": name})

    def rest(self) -> None:
        """End the process if nobody has asked for a while."""
        with self._lock:
            is_idle = not self._waiting and time.monotonic() - self._asked > IDLE_SECONDS
        if is_idle:
            self.close()

    def close(self) -> None:
        """End the process, if there is one."""
        process = self._process
        if process is not None:
            stop(process, _program())

    def _send(self, request: dict[str, Any], voices: Sequence[Voice], hear: Hear) -> str:
        name = str(next(self._numbers))
        with self._lock:
            self._asked = time.monotonic()
            self._waiting[name] = (list(voices), hear)
            if self._process is None:
                self._start()
            self._write({"id": name, **request})
        return name

    def _write(self, line: dict[str, Any]) -> None:
        process = self._process
        if process is None or process.stdin is None:
            return
        # When it is gone, its reader finds out and tells everybody.
        with contextlib.suppress(OSError, ValueError):
            process.stdin.write(json.dumps(line).encode() + b"\n")
            process.stdin.flush()

    def _start(self) -> None:
        started = threading.Event()
        # The process is tethered to the thread that starts it, so that is the one that reads it to its end.
        threading.Thread(target=self._run, args=(started,), daemon=True).start()
        started.wait()

    def _run(self, started: threading.Event) -> None:
        folder = settings.DATA_DIR / "logs"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / "generator.log").open("ab") as said:
                self._process = spawn(
                    _program(), said, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=settings.BASE_DIR
                )
                started.set()
                self._read(self._process)
        except OSError as problem:
            log.error("The models' process could not be started: %s", problem)
        finally:
            # In this order: whoever waits for the start holds the lock.
            started.set()
            self._ended()

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        while line := process.stdout.readline(LONGEST_LINE):
            try:
                self._dispatch(json.loads(line))
            except (ValueError, KeyError, TypeError, IndexError) as problem:
                log.warning("The models' process said what cannot be read: %r", problem)
        log.info("The models' process ended with code %s.", process.wait())

    def _dispatch(self, line: dict[str, Any]) -> None:
        name = line["id"]
        voices, hear = self._waiting.get(name, ([], None))
        if hear is None:
            return
        if "error" in line:
            self._waiting.pop(name, None)
            is_about_the_words = bool(line["lasting"])
            sentence = line["error"] if is_about_the_words else BROKEN
            hear(Trouble(sentence, detail=line["error"], lasting=is_about_the_words))
            return
        if "fits" in line:
            self._waiting.pop(name, None)
            hear(Fits())
            return
        index = voices[line["index"]].index
        if "done" in line:
            hear(Whole(index, Written(**line["done"])))
        else:
            hear(Piece(index, line["at"], line["text"]))

    def _ended(self) -> None:
        with self._lock:
            left, self._waiting, self._process = list(self._waiting.values()), {}, None
        for _, hear in left:
            hear(GONE)


def _program() -> Program:
    argv = [sys.executable, "-m", "training", "serve"]
    argv += ["--device", settings.STAGE_DEVICE, "--precision", settings.STAGE_PRECISION]
    return Program(name="generator", argv=argv, stop_seconds=5.0)
