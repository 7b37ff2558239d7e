"""The judge stage, by the policy itself and by a real server that speaks the OpenAI chat format."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from tests.training.tiny import prompt_rows, write_job, write_lines
from training.__main__ import main
from training.contracts import JobSpec, Message, read_rankings
from training.judges import PolicyJudge
from training.models import encoder_for, load_policy
from training.params import JudgeParams
from training.process import StopFlag

REPLIES = re.compile(r"\[reply A (\w+)\]\n(.*?)\n\[end \1\]\n\[reply B \1\]\n(.*?)\n\[end \1\]", re.DOTALL)
Answer = tuple[int, dict[str, str], bytes]


def says(text: str | None) -> Answer:
    return 200, {}, json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()


def likes_the_longer(question: str) -> Answer:
    found = REPLIES.search(question)
    assert found
    return says("A" if len(found[2]) > len(found[3]) else "B")


class Server(ThreadingHTTPServer):
    """Answers as ``answer`` says; ``seen`` are the bodies and the keys that it was sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer: Callable[[str], Answer] = likes_the_longer
        self.seen: list[tuple[dict[str, Any], str | None]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((body, self.headers["Authorization"]))
        assert self.path == "/v1/chat/completions"
        status, headers, said = self.server.answer(body["messages"][-1]["content"])
        self.send_response(status)
        for name, value in {"Content-Length": str(len(said)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: Any) -> None:
        """Not on the tests' output."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def judge_job(folder: Path, replies: int = 3, **params: Any) -> Path:
    """Two prompts, whose replies are longer the later they come."""
    rows = [
        {
            "prompt_id": prompt["prompt_id"], "index": index, "text": "warm " * (index + 1), "finish": "stop",
            "token_ids": [5, 6, 0], "logprobs": [-1.0] * 3, "temperature": 1.0, "top_p": 1.0, "seed": 1,
        }
        for prompt in prompt_rows(2)
        for index in range(replies)
    ]  # fmt: skip
    return write_job(
        folder,
        "judge",
        prompts=write_lines(folder / "prompts.jsonl", prompt_rows(2)),
        completions=[write_lines(folder / "completions.jsonl", rows)],
        params=params,
    )


def endpoint(server: Server, **params: Any) -> dict[str, Any]:
    return {"judge": "endpoint", "url": server.url, "model": "big", "retries": 2, **params}


def metrics_of(folder: Path) -> dict[str, float]:
    metrics: dict[str, float] = json.loads((folder / "judge-out" / "result.json").read_text())["metrics"]
    return metrics


def test_a_server_ranks_and_its_rankings_are_marked(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUDGE_API_KEY", "secret-key")
    assert main(["judge", str(judge_job(tmp_path, **endpoint(server, round=4)))]) == 0
    rows = read_rankings(tmp_path / "judge-out" / "rankings.jsonl")
    assert [[len(reply.text) for reply in row.completions] for row in rows] == [[15, 10, 5]] * 2
    assert [row.gaps for row in rows] == [[2, 2]] * 2
    assert {(row.source, row.annotator, row.round, row.fold) for row in rows} == {
        ("judge", "judge big", 4, "train")
    }
    assert rows[0].completions[0].token_ids == [5, 6, 0]
    assert metrics_of(tmp_path) == {
        "rankings": 2, "tied_gaps": 0, "questions": 12, "answered": 1.0, "consistent": 1.0,
        "first_preferred": 0.5,
    }  # fmt: skip
    body, key = server.seen[0]
    assert (body["model"], body["temperature"], key) == ("big", 0, "Bearer secret-key")
    assert "secret-key" not in "".join(
        path.read_text() for path in tmp_path.rglob("*") if path.is_file() and path.suffix
    )


def test_one_that_prefers_a_place_ties_everything(tmp_path: Path, server: Server) -> None:
    server.answer = lambda question: says("A")
    assert main(["judge", str(judge_job(tmp_path, **endpoint(server)))]) == 0
    rows = read_rankings(tmp_path / "judge-out" / "rankings.jsonl")
    assert [row.gaps for row in rows] == [[None, None]] * 2
    assert metrics_of(tmp_path)["consistent"] == 0.0
    assert metrics_of(tmp_path)["first_preferred"] == 1.0


def test_it_asks_again_where_that_may_help(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.judges.FIRST_WAIT", 0.01)
    lock, calls = threading.Lock(), [0]

    def busy_at_first(question: str) -> Answer:
        with lock:
            calls[0] += 1
            if calls[0] <= 2:
                return (429, {"Retry-After": "0"}, b"{}") if calls[0] == 1 else (503, {}, b"busy")
        return likes_the_longer(question)

    server.answer = busy_at_first
    assert main(["judge", str(judge_job(tmp_path, replies=2, **endpoint(server)))]) == 0
    assert len(server.seen) == 6


@pytest.mark.parametrize("said", [None, "As a language model I cannot choose.", "", "\x00\ud83d" * 10])
def test_a_judge_that_will_not_say_is_not_believed(
    tmp_path: Path, server: Server, capsys: pytest.CaptureFixture[str], said: str | None
) -> None:
    server.answer = lambda question: says(said)
    assert main(["judge", str(judge_job(tmp_path, replies=2, **endpoint(server)))]) == 2
    assert "gave a verdict on 0 of 4 questions" in capsys.readouterr().err
    assert not (tmp_path / "judge-out").exists()


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((401, {}, b'{"error": "bad key secret-key"}'), "refused: status 401"),
        ((307, {"Location": "http://127.0.0.1:1/"}, b""), "refused: status 307"),
        ((200, {}, b"<html>"), "no chat completion"),
        ((200, {}, b'{"choices": []}'), "no chat completion"),
        ((200, {}, b"[" * 100_000), "no chat completion"),
        ((200, {}, b"x" * (2 << 20)), "more than an answer can be"),
        (
            (200, {"Content-Encoding": "gzip"}, b"not gzip"),
            "no answer in 2 tries, the last time: DecodingError",
        ),
        ((500, {}, b"down"), "no answer in 2 tries, the last time: status 500, 'down'"),
    ],
)
def test_it_says_in_one_sentence_what_a_server_did(
    tmp_path: Path, server: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    answer: Answer, sentence: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("JUDGE_API_KEY", "secret-key")
    monkeypatch.setattr("training.judges.FIRST_WAIT", 0.01)
    server.answer = lambda question: answer
    assert main(["judge", str(judge_job(tmp_path, replies=2, **endpoint(server, retries=1)))]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert sentence in error
    assert "secret-key" not in error


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"url": "file:///etc/passwd"}, "give the base address"),
        ({"model": ""}, "give the base address"),
        ({"url": "http://gpu1/\x00v1"}, "is no address"),
        ({"url": "http://127.0.0.1:1/v1", "retries": 0}, "no answer in 1 tries, the last time: ConnectError"),
        ({"most_completions": 1}, "at least 2"),
        ({"timeout_seconds": "soon"}, "must be of type float"),
    ],
)
def test_it_refuses_what_it_cannot_ask(
    tmp_path: Path, server: Server, capsys: pytest.CaptureFixture[str], params: Any, sentence: str
) -> None:
    assert main(["judge", str(judge_job(tmp_path, **{**endpoint(server), **params}))]) == 2
    assert sentence in capsys.readouterr().err


def test_it_goes_on_where_it_was_stopped(tmp_path: Path, server: Server) -> None:
    """The first four questions are answered; then the server hangs and the stage is told to stop."""
    stop, released = StopFlag(), threading.Event()

    def hangs_after_four(question: str) -> Answer:
        if len(server.seen) > 4:
            stop.requested = True
            released.wait(10)
        return likes_the_longer(question)

    server.answer = hangs_after_four
    job = judge_job(tmp_path, **endpoint(server, parallel=4))
    assert main(["judge", str(job)], stop) == 143
    released.set()
    answered = [body["messages"] for body, _ in server.seen[:4]]
    server.answer, server.seen = likes_the_longer, []
    assert main(["judge", str(job)]) == 0
    assert not any(body["messages"] in answered for body, _ in server.seen)
    assert metrics_of(tmp_path)["consistent"] == 1.0


def test_the_policy_judges_by_the_likelihood_of_the_letters(model_folder: Callable[[str], str]) -> None:
    folder = model_folder("llama")
    policy = load_policy(folder, JobSpec(stage="judge", output="", work=""))
    encoder = replace(encoder_for(policy, folder), context=40)
    question: list[Message] = [{"role": "user", "content": "warm tea?"}]
    too_long: list[Message] = [{"role": "user", "content": "warm tea " * 40}]
    chance, none = PolicyJudge(policy, encoder, JudgeParams()).verdicts([question, too_long])
    plain = AutoModelForCausalLM.from_pretrained(folder)
    logits = plain(torch.tensor([encoder.prompt(question)])).logits[0, -1]
    letters = [encoder.tokenizer(letter)["input_ids"] for letter in ("A", "B")]
    assert chance == pytest.approx(torch.softmax(logits[[ids[0] for ids in letters]], 0)[0].item(), abs=1e-5)
    assert none is None


def test_a_policy_that_cannot_read_the_questions_is_refused(
    tmp_path: Path, model_folder: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The tiny model's context of 256 tokens is shorter than any question."""
    job = judge_job(tmp_path)
    job.write_text(json.dumps({**json.loads(job.read_text()), "policy": model_folder("llama")}))
    assert main(["judge", str(job)]) == 2
    assert "longer than it can read" in capsys.readouterr().err
