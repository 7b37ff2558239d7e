"""``python -m tests.bench.train``: our training and sampling beside TRL's, in one table.

Same model, data, precision (float32), loss, optimiser steps over whole epochs, one reference mode (live);
TRL's bf16 and gradient checkpointing are off. The two sides alternate, each in a process of its own, so that
peak memory is its own too. Quiet machines only: the figures are of the machine as it is.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench import sides
from tests.bench.data import Size, random_rankings
from tests.bench.flops import limit

ROWS: dict[str, tuple[str, int, bool | None]] = {
    "reward K=2": ("reward", 2, None),
    "reward K=4": ("reward", 4, None),
    "reward K=8": ("reward", 8, None),
    "dpo lora K=2": ("dpo", 2, True),
    "dpo lora K=4": ("dpo", 4, True),
    "dpo full K=4": ("dpo", 4, False),
    "sampling K=4": ("sampling", 4, None),
}
OUTPUT = Path("build/bench/train.json")


def measure(side: str, row: str, prompts: int, hidden: int, layers: int) -> dict[str, float]:
    """Seconds and peak memory (MiB above what was held before) of one epoch; runs in a process of its own."""
    kind, k, lora = ROWS[row]
    with tempfile.TemporaryDirectory() as folder:
        model = Size(hidden, layers).save(Path(folder) / "model")
        options = {} if lora is None else {"lora": lora}
        make = getattr(sides, f"{side}_{kind}")
        work = make(model, random_rankings(prompts, k), Path(folder), **options)
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from here
        before, began = _memory("VmRSS"), time.perf_counter()
        work()
        return {"seconds": time.perf_counter() - began, "memory": _memory("VmHWM") - before}


def _memory(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field))


def _in_process(side: str, row: str, arguments: argparse.Namespace) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.train", "--measure", side, "--rows", row]
    command += ["--prompts", str(arguments.prompts), "--hidden", str(arguments.hidden)]
    command += ["--layers", str(arguments.layers)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    figures: dict[str, float] = json.loads(output.splitlines()[-1])
    return figures


def compare(row: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """One row of the table: medians of alternating runs."""
    runs: dict[str, list[dict[str, float]]] = {"our": [], "their": []}
    for _ in range(arguments.repeats):
        for side, found in runs.items():
            found.append(_in_process(side, row, arguments))
    seconds = {side: statistics.median(run["seconds"] for run in found) for side, found in runs.items()}
    memory = {side: statistics.median(run["memory"] for run in found) for side, found in runs.items()}
    kind, k, lora = ROWS[row]
    ratio = seconds["their"] / seconds["our"]
    size = Size(arguments.hidden, arguments.layers)
    best = limit(size, random_rankings(arguments.prompts, k), kind, lora)
    return {
        "row": row,
        "ours": seconds["our"],
        "peer": seconds["their"],
        "ratio": ratio,
        "limit_share": ratio / best if best else None,
        "memory_ratio": memory["their"] / max(memory["our"], 1.0),
    }


def main() -> None:
    """Print the table and write it to ``build/bench/train.json``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", nargs="*", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--prompts", type=int, default=64)
    parser.add_argument("--hidden", type=int, default=320)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--measure", choices=["our", "their"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        figures = measure(
            arguments.measure, arguments.rows[0], arguments.prompts, arguments.hidden, arguments.layers
        )
        sys.stdout.write(json.dumps(figures) + "\n")
        return
    sample = random_rankings(arguments.prompts, 4)
    prompts = [len(item.group.prompt) for item in sample]
    replies = [len(own) for item in sample for own in item.group.completions]
    sys.stdout.write(
        f"{arguments.prompts} prompts of {min(prompts)} to {max(prompts)} tokens (median "
        f"{statistics.median(prompts):.0f}), completions of {min(replies)} to {max(replies)} "
        f"(median {statistics.median(replies):.0f}); hidden {arguments.hidden}, "
        f"{arguments.layers} layers, float32\n"
        f"{'':<14}{'ours s':>9}{'TRL s':>9}{'times':>7}{'of limit':>10}{'memory':>8}\n"
    )
    rows = []
    for name in arguments.rows:
        row = compare(name, arguments)
        rows.append(row)
        share = f"{row['limit_share']:.0%}" if row["limit_share"] else "-"
        sys.stdout.write(
            f"{name:<14}{row['ours']:>9.2f}{row['peer']:>9.2f}{row['ratio']:>7.1f}{share:>10}{row['memory_ratio']:>8.1f}\n"
        )
        sys.stdout.flush()
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
