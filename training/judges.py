"""Who judges: the policy itself by the likelihood of a verdict, or a model on an OpenAI-compatible server."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Sequence
from typing import Any, Protocol

import httpx
import torch
from transformers import PreTrainedModel

from training.contracts import ContractError, Message
from training.data import Encoder
from training.judging import read_verdict
from training.logprobs import sums_in_batches
from training.params.judge import JudgeParams
from training.process import StopFlag
from training.segments import Group

LONGEST_ANSWER = 1 << 20
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""Status codes after which the same question may well be answered."""


class Judge(Protocol):
    """Answers questions, some at a time."""

    name: str
    batch: int

    def verdicts(self, questions: Sequence[list[Message]]) -> list[float | None]:
        """The chance that A is better, of each question; None where the judge does not say."""
        ...


class PolicyJudge:
    """The chance is that of the token A against the token B, without a word being sampled."""

    def __init__(self, policy: PreTrainedModel, encoder: Encoder, params: JudgeParams) -> None:
        self.name, self.batch = "policy", 64
        self._policy, self._encoder, self._micro_tokens = policy, encoder, params.micro_tokens
        self._letters = [
            encoder.tokenizer(letter, add_special_tokens=False)["input_ids"] for letter in ("A", "B")
        ]

    def verdicts(self, questions: Sequence[list[Message]]) -> list[float | None]:
        """See :class:`Judge`; a question longer than the context has no verdict."""
        groups = [Group(self._encoder.prompt(question), self._letters) for question in questions]
        room = self._encoder.context - max(map(len, self._letters))
        fitting = [group for group in groups if len(group.prompt) <= room]
        scored = sums_in_batches(self._policy, fitting, self._micro_tokens)
        chances = iter([torch.softmax(own, dim=0)[0].item() for batch in scored for own in batch])
        return [next(chances) if len(group.prompt) <= room else None for group in groups]


class EndpointJudge:
    """Asks ``POST url/chat/completions``; it leaves off as soon as ``stop`` is set.

    The server is not trusted: an answer is bounded in time and size, and what is not a verdict is none.
    Raises :class:`ContractError` when it cannot be asked at all.
    """

    def __init__(self, params: JudgeParams, stop: StopFlag) -> None:
        if not params.url.startswith(("http://", "https://")) or not params.model:
            raise ContractError(
                f"The judge's url is {params.url!r} and its model {params.model!r}: give the base address of "
                "an OpenAI-compatible server, as in http://gpu1:8000/v1, and the name of a model there."
            )
        self.name, self.batch = params.model, max(1, params.parallel)
        self._params, self._stop = params, stop
        self._key = os.environ.get(params.key_variable, "")
        self._address = f"{params.url.rstrip('/')}/chat/completions"
        try:
            httpx.URL(self._address)
        except httpx.InvalidURL as problem:
            raise ContractError(f"The judge's url {params.url!r} is no address: {problem}.") from problem
        self._client = httpx.Client(timeout=params.timeout_seconds, trust_env=False)

    def verdicts(self, questions: Sequence[list[Message]]) -> list[float | None]:
        """See :class:`Judge`; the questions are asked side by side. Of no worth once ``stop`` is set."""
        answers: list[float | BaseException | None] = [None] * len(questions)

        def ask(place: int) -> None:
            try:
                answers[place] = self._verdict(questions[place])
            except Exception as problem:  # noqa: BLE001 - raised again below, in the stage's own thread
                answers[place] = problem

        threads = [
            threading.Thread(target=ask, args=(place,), daemon=True) for place in range(len(questions))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive() and not self._stop.requested:
                thread.join(0.1)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return [answer for answer in answers if not isinstance(answer, BaseException)]

    def _verdict(self, question: list[Message]) -> float | None:
        wait, reason = FIRST_WAIT, ""
        for attempt in range(self._params.retries + 1):
            if attempt and not self._waited(wait):
                return None
            try:
                answer, asked_to_wait = self._ask(question)
            except httpx.RequestError as problem:
                reason, wait = f"{type(problem).__name__} {problem}".strip(), min(2 * wait, LONGEST_WAIT)
                continue
            if isinstance(answer, bytes):
                return read_verdict(self._text(answer))
            reason, wait = answer, min(max(2 * wait, asked_to_wait), LONGEST_WAIT)
        raise ContractError(
            f"The judge at {self._params.url} gave no answer in {self._params.retries + 1} tries, the last "
            f"time: {reason[:300]}. Run the stage again to go on."
        )

    def _waited(self, seconds: float) -> bool:
        """Wait; False as soon as the stage is told to stop."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._stop.requested:
            time.sleep(0.05)
        return not self._stop.requested

    def _ask(self, question: list[Message]) -> tuple[bytes | str, float]:
        """The body of a good answer; else why there is none, and how many seconds to wait at least."""
        body = {
            "model": self._params.model,
            "messages": question,
            "temperature": 0,
            "max_tokens": self._params.max_new_tokens,
        }
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        content = json.dumps(body).encode()
        until = time.monotonic() + self._params.timeout_seconds
        with self._client.stream("POST", self._address, content=content, headers=headers) as response:
            said = b""
            for block in response.iter_bytes():
                said += block
                if len(said) > LONGEST_ANSWER:
                    raise ContractError(f"The judge at {self._params.url} sent more than an answer can be.")
                if time.monotonic() > until:
                    raise httpx.ReadTimeout("the answer did not come to an end")
        if response.status_code == httpx.codes.OK:
            return said, 0.0
        reason = f"status {response.status_code}, {self._quoted(said)}"
        if response.status_code not in AGAIN:
            raise ContractError(f"The judge at {self._params.url} refused: {reason}.")
        return reason, _seconds(response.headers.get("Retry-After", ""))

    def _text(self, said: bytes) -> str:
        """The text of the first choice; empty where the judge declined to say anything."""
        try:
            answer: Any = json.loads(said)
            text = answer["choices"][0]["message"]["content"]
        except (ValueError, TypeError, LookupError, RecursionError) as problem:
            raise ContractError(
                f"The judge at {self._params.url} sent what is no chat completion: {self._quoted(said)}."
            ) from problem
        return text if isinstance(text, str) else ""

    def _quoted(self, said: bytes) -> str:
        """The beginning of what a server said, in one line, and never the key, should it echo that."""
        line = " ".join(said[:2000].decode("utf-8", "replace").split())
        return repr((line.replace(self._key, "***") if self._key else line)[:200])


def _seconds(retry_after: str) -> float:
    """A Retry-After in seconds; 0 for a date or nonsense."""
    try:
        return min(max(float(retry_after), 0.0), LONGEST_WAIT)
    except ValueError:
        return 0.0
