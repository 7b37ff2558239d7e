"""``python -m tests.bench.train``: our training and sampling beside TRL's, in one table.

Same model (random weights), data, precision (float32), loss, optimiser steps over one whole epoch, and one
reference mode (a pass of the reference over everything is inside what is timed); TRL's bf16 and gradient
checkpointing are off, its batch is its own default of 8 pairs a pass. The two sides alternate, each in a
process of its own, so that peak memory, weights included, is its own too. Only a quiet machine gives figures
to be quoted: every thread of it is used by either side. The peer of the ppo rows is four separate models,
since TRL has dropped PPO. The whole table takes half an hour on two cores, of which "reward K=8" takes 9
minutes. build/bench/train.json keeps the rows that are not asked for as they were.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.bench.data import Size, random_rankings, statistics_of
from tests.bench.flops import limit

SMALL, LARGE = Size(), Size(hidden=640, layers=10, vocabulary=32768)


@dataclass(frozen=True)
class Row:
    """One line of the table; ``lora`` is None where there is no such choice.

    ``tokens`` is our ``micro_tokens``: passes run side by side where it holds two prompts and their replies.
    """

    kind: str
    k: int
    lora: bool | None = None
    size: Size = SMALL
    prompts: int = 64
    tokens: int = 512
    module: str = "tests.bench.sides"


ROWS = {
    "reward K=2": Row("reward", 2, tokens=1024),
    "reward K=4": Row("reward", 4, tokens=1200),
    "reward K=4, in turn": Row("reward", 4),
    "reward K=8": Row("reward", 8, tokens=1800),
    "dpo lora K=2": Row("dpo", 2, lora=True),
    "dpo lora K=2 60M": Row("dpo", 2, lora=True, size=LARGE, tokens=2048),
    "dpo lora K=4": Row("dpo", 4, lora=True),
    "dpo full K=4": Row("dpo", 4, lora=False),
    "dpo full K=2 60M": Row("dpo", 2, lora=False, size=LARGE, prompts=16),
    "sampling K=4": Row("sampling", 4),
    # TRL has dropped PPO: the peer is four separate models
    "ppo lora K=4": Row("ppo", 4, module="tests.bench.ppo"),
    "ppo lora K=4 60M": Row("ppo", 4, size=LARGE, prompts=16, module="tests.bench.ppo"),
}
TRAINED = {"reward": False, "dpo": True}
"""The kinds of work that FLOPs limit, and whether the vocabulary is part of them."""
OUTPUT = Path("build/bench/train.json")


def measure(side: str, row: Row, prompts: int) -> dict[str, Any]:
    """Seconds, processor seconds, peak memory (MiB) and padded shapes of one epoch; a process of its own."""
    sides = import_module(row.module)
    with tempfile.TemporaryDirectory() as folder:
        model = row.size.save(Path(folder) / "model")
        options: dict[str, int] = {} if row.lora is None else {"lora": row.lora}
        if side == "our" and row.kind in TRAINED:
            options["tokens"] = row.tokens
        before = _memory("VmRSS")
        work = getattr(sides, f"{side}_{row.kind}")(
            model, random_rankings(prompts, row.k), Path(folder), **options
        )
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from here
        began, computed = time.perf_counter(), time.process_time()
        shapes = work()
        return {
            "seconds": time.perf_counter() - began,
            "processor": time.process_time() - computed,
            "memory": _memory("VmHWM") - before,
            "shapes": shapes,
        }


def _memory(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field))


def _in_process(side: str, name: str, prompts: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.train", "--measure", side, "--rows", name]
    # As many threads on either side: by itself ours takes one for models as small as these.
    environment = {"OMP_NUM_THREADS": str(os.cpu_count()), **os.environ}
    done = subprocess.run(
        [*command, "--prompts", str(prompts)],
        capture_output=True,
        text=True,
        env=environment,
    )
    if done.returncode:
        raise SystemExit(f"The side {side} of {name} failed:\n{done.stderr[-2000:]}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def compare(name: str, prompts: int, repeats: int) -> dict[str, Any]:
    """One row of the table: medians of alternating runs."""
    runs: dict[str, list[dict[str, Any]]] = {"our": [], "their": []}
    for _ in range(repeats):
        for side, found in runs.items():
            found.append(_in_process(side, name, prompts))

    def median(side: str, figure: str) -> float:
        return statistics.median(run[figure] for run in runs[side])

    row, ratio = ROWS[name], median("their", "seconds") / median("our", "seconds")
    share = None
    if row.kind in TRAINED:
        rankings, shapes = random_rankings(prompts, row.k), runs["their"][0]["shapes"]
        share = ratio / limit(row.size, rankings, shapes, vocabulary=TRAINED[row.kind])
    return {
        "row": name,
        "ours": median("our", "seconds"),
        "peer": median("their", "seconds"),
        "ratio": ratio,
        "limit_share": share,
        "memory_ratio": median("their", "memory") / median("our", "memory"),
        "processor_ratio": median("their", "processor") / median("our", "processor"),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.train",
        description=__doc__.split("\n\n", 1)[1],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--rows", nargs="*", default=list(ROWS), choices=list(ROWS), metavar="ROW",
        help="which rows, in quotes: " + ", ".join(ROWS),
    )  # fmt: skip
    parser.add_argument(
        "--prompts", type=int, help="prompts of an epoch (64; where memory is asked at 60M, 16)"
    )
    parser.add_argument("--repeats", type=int, default=1, help="runs of each side, alternating (1)")
    parser.add_argument("--measure", choices=["our", "their"], help=argparse.SUPPRESS)
    return parser


def main() -> None:
    """Print the table and write it to ``build/bench/train.json``."""
    arguments = _parser().parse_args()
    if arguments.measure:
        figures = measure(arguments.measure, ROWS[arguments.rows[0]], arguments.prompts)
        sys.stdout.write(json.dumps(figures) + "\n")
        return
    sys.stdout.write(
        f"{'':<26}{'ours s':>9}{'peer s':>9}{'times':>7}{'of limit':>10}{'memory':>8}{'cpu':>7}\n"
    )
    rows = {row["row"]: row for row in json.loads(OUTPUT.read_text())} if OUTPUT.exists() else {}
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    for name in arguments.rows:
        prompts = arguments.prompts or ROWS[name].prompts
        row = compare(name, prompts, arguments.repeats)
        rows[name] = row
        share = f"{row['limit_share']:.0%}" if row["limit_share"] else "-"
        sys.stdout.write(
            f"{name:<26}{row['ours']:>9.2f}{row['peer']:>9.2f}{row['ratio']:>7.1f}{share:>10}"
            f"{row['memory_ratio']:>8.1f}{row['processor_ratio']:>7.1f}  "
            f"{statistics_of(random_rankings(prompts, ROWS[name].k))}\n"
        )
        sys.stdout.flush()
        OUTPUT.write_text(json.dumps([rows[known] for known in ROWS if known in rows], indent=1))


if __name__ == "__main__":
    main()
