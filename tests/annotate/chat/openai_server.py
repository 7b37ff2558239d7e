"""A small OpenAI-compatible server: ``python openai_server.py [HOLD]`` says its port, and answers until
killed.

What it says is a function of the request, so that a test knows it; the name of the model decides how it
behaves: ``slow`` takes its time between words, ``warm`` and ``curt`` have a text of their own, ``broken``,
``endless`` and the like are what they say.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

WORDS = 12
FIRST_WORDS = 8
SLOW = ("slow", "warm", "curt")
TEXTS = {
    "warm": "Dear Nora,\n\nThank you so much for your help with the move. You carried **every** heavy box, "
    "and still made us laugh:\n\n- the piano\n- the books\n- the cactus\n\nWe could not have done it alone."
    "\n\nWarmly,\nTom",
    "curt": "Nora, got it. The boxes are all here, nothing is broken, and the van is back. Thanks.",
}


def words(request: dict[str, Any]) -> list[str]:
    """The reply to a request, word by word."""
    if request["model"] in TEXTS:
        return [f" {word}" for word in TEXTS[request["model"]].split(" ")]
    asked = request["messages"][-1]["content"]
    turn = len(request["messages"])
    return [f" {asked}", f" (turn {turn}):", *(f" word {number}" for number in range(WORDS))]


def chunk(text: str = "", finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": text} if text else {}, "finish_reason": finish}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


def start(hold: Path | None = None) -> tuple[subprocess.Popen[str], str]:
    """Start one in a process of its own; returns it and its base address.

    As long as there is a file ``hold``, what writes slowly stops after its first words.
    """
    argv = [sys.executable, __file__, *([str(hold)] if hold else [])]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"


def answer(request: dict[str, Any]) -> Iterator[bytes]:
    """The reply as server-sent events."""
    model = request["model"]
    yield b": a comment, as some servers send to keep the line open\n\n"
    for number, word in enumerate(words(request)):
        if model in SLOW:
            time.sleep(0.1)
            while number == FIRST_WORDS and any(map(os.path.exists, sys.argv[1:])):
                time.sleep(0.05)
        yield chunk(word)
        if number == 3 and model == "broken":
            return
        if number == 3 and model == "garbage":
            yield b"data: {not json\n\n"
        if number == 3 and model == "crash":
            yield b'data: {"error": {"message": "CUDA out of memory on gpu7"}}\n\n'
    if model == "odd":
        yield b'data: {"choices": []}\n\ndata: {"choices": [{"delta": null}]}\n\nevent: x\n\n'
    while model == "endless":
        yield chunk("x" * 60_000)
    yield chunk(finish="length" if model == "cut" else "content_filter" if model == "filtered" else "stop")
    yield b"data: [DONE]\n\n"


class Handler(BaseHTTPRequestHandler):
    """``POST /v1/chat/completions``."""

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        model, key = request["model"], self.headers.get("Authorization")
        if model == "moved":
            self._refuse(302, Location="http://169.254.169.254/latest/meta-data")
        elif self.path != "/v1/chat/completions" or model == "unknown":
            self._refuse(404)
        elif model == "locked" and key != "Bearer sesame":
            self._refuse(401)
        else:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            for block in answer(request):
                self.wfile.write(block)
                self.wfile.flush()

    def _refuse(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b'{"error": {"message": "the model llama-70b is not for you"}}')

    def log_message(self, format: str, *arguments: Any) -> None:
        """Quiet."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()
