"""Replies written while somebody waits: ``python -m training serve``, a process that keeps models loaded.

It reads requests from standard input and writes what happens to standard output, a JSON object a line:

- ``{"id", "model", "messages", "replies": [{"seed", "temperature", "top_p"}, ...], "max_new_tokens"}`` asks
  for replies to one conversation; ``{"cancel": id}`` takes that back; ``{"load": model}`` has a model loaded
  before anybody asks it.
- ``{"id", "model", "messages", "written": [text, ...]}`` asks whether a model could learn from replies that
  others wrote; the answer is ``{"id", "fits": true}``, or an error.
- ``{"id", "index", "at", "text"}``: from character ``at`` on, reply ``index`` reads ``text``.
- ``{"id", "index", "done": {"text", "token_ids", "logprobs", "finish"}}``: a reply is whole.
- ``{"id", "error", "lasting"}``: there will be none; ``lasting`` when asking again is of no use.

It ends when its standard input does. Requests that wait together are drawn as one batch; batches take their
steps in turn, so that nobody waits for another's reply to end. A reply is the same whatever it is drawn
beside (see :mod:`training.decoding`).
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
import traceback
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from transformers import PreTrainedModel

from training.asked import (
    Asked,
    Refused,
    Written,
    parse,
    parse_written,
    prompt_ids,
    require_learnable,
)
from training.contracts import ContractError, JobSpec
from training.data import Encoder
from training.decoding import Drawn, Request, draw_steps
from training.models import encoder_for, load_policy, stop_tokens
from training.speech import Speech

MODELS = 2
"""Models that stay loaded: the champion and one to compare it with."""
MOST_WAITING = 256
MOST_ROWS = 64
"""Replies drawn at once; more wait."""


@dataclass(frozen=True)
class Loaded:
    """A model that is ready to write."""

    policy: PreTrainedModel
    encoder: Encoder
    stops: list[int]


class Batch:
    """Requests to one model with as many replies each, drawn together a token at a time."""

    def __init__(self, loaded: Loaded, asked: Sequence[Asked], prompts: Sequence[list[int]]) -> None:
        self._owners = [(each, index) for each in asked for index in range(len(each.requests))]
        self._speech = [Speech(loaded.encoder) for _ in self._owners]
        self._ids: list[list[int]] = [[] for _ in self._owners]
        self._logprobs: list[list[float]] = [[] for _ in self._owners]
        self._loaded = loaded
        self._cancelled: set[str] = set()
        requests = [
            Request(number, request.seed, request.temperature, request.top_p)
            for number, each in enumerate(asked)
            for request in each.requests
        ]
        self._longest = asked[0].max_new_tokens
        self._steps: Iterator[Drawn] = draw_steps(
            loaded.policy, prompts, requests, max_new_tokens=self._longest, stop=loaded.stops
        )

    @property
    def ids(self) -> set[str]:
        """The requests in it that are still wanted."""
        return {asked.id for asked, _ in self._owners} - self._cancelled

    @property
    def rows(self) -> int:
        """How many replies it draws."""
        return len(self._owners)

    def cancel(self, name: str) -> None:
        """Say no more of one of the requests; the batch may be dropped once none is wanted."""
        self._cancelled.add(name)

    def step(self) -> list[dict[str, Any]] | None:
        """One more token of every reply, as what to tell; None when all are whole."""
        drawn = next(self._steps, None)
        if drawn is None:
            return None
        events: list[dict[str, Any]] = []
        columns = (
            drawn.rows.tolist(),
            drawn.tokens.tolist(),
            drawn.logprobs.tolist(),
            drawn.running.tolist(),
        )
        for row, token, logprob, is_running in zip(*columns, strict=True):
            if is_running and self._owners[row][0].id not in self._cancelled:
                events += self._hear(row, token, logprob)
        return events

    def _hear(self, row: int, token: int, logprob: float) -> Iterator[dict[str, Any]]:
        asked, index = self._owners[row]
        self._ids[row].append(token)
        self._logprobs[row].append(logprob)
        told = len(self._speech[row].text)
        text = self._speech[row].add(token)
        if len(text) > told:
            yield {"id": asked.id, "index": index, "at": told, "text": text[told:]}
        is_stopped = token in self._loaded.stops
        if is_stopped or len(self._ids[row]) == self._longest:
            done = {
                "text": self._loaded.encoder.text(self._ids[row]),
                "token_ids": self._ids[row],
                "logprobs": self._logprobs[row],
                "finish": "stop" if is_stopped else "length",
            }
            yield {"id": asked.id, "index": index, "done": done}


class Server:
    """Takes requests from ``lines`` and tells ``out`` what becomes of them, until the lines end."""

    def __init__(self, job: JobSpec, out: TextIO) -> None:
        self._job = job
        self._out = out
        self._lines: queue.Queue[dict[str, Any] | None] = queue.Queue(MOST_WAITING)
        self._waiting: list[Asked] = []
        self._batches: list[Batch] = []
        self._models: OrderedDict[str, Loaded] = OrderedDict()

    def run(self, lines: TextIO) -> None:
        """Serve until ``lines`` end; what is being written then is dropped."""
        threading.Thread(target=self._read, args=(lines,), daemon=True).start()
        while self._take():
            self.work()

    @property
    def is_busy(self) -> bool:
        """Whether anybody waits for a reply."""
        return bool(self._batches or self._waiting)

    def work(self) -> None:
        """Begin what waits, and draw one more token of every reply."""
        self._admit()
        for batch in list(self._batches):
            self._step(batch)

    def _read(self, lines: TextIO) -> None:
        for line in lines:
            try:
                value = json.loads(line)
            except ValueError:
                value = {}
            self._lines.put(value if isinstance(value, dict) else {})
        self._lines.put(None)

    def _take(self) -> bool:
        """Take what has come in, waiting for it if there is nothing to do; False at the end."""
        is_idle = not self.is_busy
        while True:
            try:
                line = self._lines.get(block=is_idle)
            except queue.Empty:
                return True
            if line is None:
                return False
            self.understand(line)
            is_idle = False

    def understand(self, line: dict[str, Any]) -> None:
        """Take in one line; whatever is wrong with it is told to whoever sent it."""
        if "cancel" in line:
            name = str(line["cancel"])
            self._waiting = [asked for asked in self._waiting if asked.id != name]
            for batch in self._batches:
                batch.cancel(name)
            self._batches = [batch for batch in self._batches if batch.ids]
            return
        if "load" in line:
            self._load_early(str(line["load"]))
            return
        try:
            asked = parse_written(line) if "written" in line else parse(line)
        except (KeyError, TypeError, ValueError) as problem:
            self._tell({"id": str(line.get("id")), "error": f"Not a request: {problem!r}.", "lasting": True})
            return
        if isinstance(asked, Asked):
            self._waiting.append(asked)
        else:
            self._judge(asked)

    def _admit(self) -> None:
        """Begin a batch of what waits, if there is room for it."""
        rows = sum(batch.rows for batch in self._batches)
        if not self._waiting or rows >= MOST_ROWS:
            return
        first = self._waiting[0]
        alike = [asked for asked in self._waiting if asked.kind == first.kind]
        alike = alike[: max(1, (MOST_ROWS - rows) // len(first.requests))]
        self._waiting = [asked for asked in self._waiting if asked not in alike]
        try:
            loaded = self._load(first.model)
            ready = [(asked, ids) for asked in alike if (ids := self._prompt(loaded, asked))]
            if ready:
                self._batches.append(Batch(loaded, [asked for asked, _ in ready], [ids for _, ids in ready]))
        except Exception as problem:  # noqa: BLE001 - whatever it is, those who wait get one sentence
            self._fail({asked.id for asked in alike}, problem)

    def _prompt(self, loaded: Loaded, asked: Asked) -> list[int] | None:
        """The conversation's token ids; None when it was refused."""
        try:
            return prompt_ids(loaded.encoder, asked)
        except Refused as problem:
            self._tell({"id": asked.id, "error": str(problem), "lasting": True})
            return None

    def _judge(self, written: Written) -> None:
        """Whether a model could learn from the replies of others."""
        try:
            require_learnable(self._load(written.model).encoder, written)
        except Refused as problem:
            self._tell({"id": written.id, "error": str(problem), "lasting": True})
        except Exception as problem:  # noqa: BLE001 - whatever it is, those who wait get one sentence
            self._fail({written.id}, problem)
        else:
            self._tell({"id": written.id, "fits": True})

    def _step(self, batch: Batch) -> None:
        try:
            events = batch.step()
        except Exception as problem:  # noqa: BLE001 - whatever it is, those who wait get one sentence
            self._fail(batch.ids, problem)
            events = None
        if events is None:
            self._batches.remove(batch)
        else:
            for event in events:
                self._tell(event)

    def _load_early(self, source: str) -> None:
        try:
            self._load(source)
        except Exception as problem:  # noqa: BLE001 - whoever asks it is told; until then it is for the log
            sys.stderr.write(f"{source} cannot be loaded: {problem}\n")

    def _load(self, source: str) -> Loaded:
        if source not in self._models:
            while len(self._models) >= MODELS:
                self._models.popitem(last=False)
            policy = load_policy(source, self._job)
            encoder = encoder_for(policy, source)
            self._models[source] = Loaded(policy, encoder, stop_tokens(policy, encoder.tokenizer))
        self._models.move_to_end(source)
        return self._models[source]

    def _fail(self, names: set[str], problem: Exception) -> None:
        is_told = isinstance(problem, ContractError)
        if not is_told:
            traceback.print_exception(problem)
        sentence = str(problem) if is_told else f"The model failed: {type(problem).__name__}: {problem}"
        for name in names:
            self._tell({"id": name, "error": " ".join(sentence.split())[:500], "lasting": False})

    def _tell(self, event: dict[str, Any]) -> None:
        self._out.write(json.dumps(event) + "\n")
        self._out.flush()


def serve(device: str, precision: str) -> None:
    """Serve standard input. What libraries print goes to standard error: the output is for events alone."""
    # The command line's handler only takes note, for stages to save what they have; there is nothing to save.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    job = JobSpec(
        stage="sample",
        output="",
        work="",
        device=device,
        precision="bfloat16" if precision == "bfloat16" else "float32",
    )
    Server(job, out).run(sys.stdin)
