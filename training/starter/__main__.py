"""``python -m training.starter``: generate the corpus, train the starter model, write its prompts."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from training.starter.check import check, table
from training.starter.prompts import write_prompts
from training.starter.train import StarterSettings, Step, save, train

HOME = Path(__file__).parent

SETTINGS = {
    "seed": "of the corpus, the initialisation and the order",
    "pairs": "corpus pairs to train on, each seen once",
    "minutes": "fit the training into this time (0: no limit)",
    "even": "share of the pairs, at the start, that are on topic, short and whole",
    "hidden": "width of the model",
    "layers": "depth of the model",
    "heads": "attention heads a layer",
    "feed_forward": "width inside the feed-forward layers",
    "vocabulary": "tokens in the tokenizer",
    "batch_pairs": "pairs an optimiser step",
    "learning_rate": "AdamW's peak, for the embedding and the norms",
    "matrix_rate": "Muon's peak, for the matrices of the layers",
}
"""The fields of :class:`StarterSettings` that are arguments, with their help."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.starter",
        description="Train the starter model from nothing on its synthetic corpus; write it and its prompts.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--out", type=Path, default=HOME / "model", help="the model's folder")
    parser.add_argument("--prompts", type=Path, default=HOME / "prompts.jsonl", help="the prompts' file")
    for name, text in SETTINGS.items():
        default = getattr(StarterSettings, name)
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default, help=text)
    parser.add_argument("--float32", action="store_true", help="no bfloat16 in the matrix products")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads")
    parser.add_argument("--check", type=Path, metavar="DIR", help="train nothing: sample the model in DIR")
    parser.add_argument("--samples", type=int, default=4, help="with --check: replies to each prompt")
    return parser


def _progress(step: Step) -> None:
    if step.number % 50 and step.done < 1:
        return
    left = step.seconds / step.done - step.seconds
    speed = step.tokens / max(step.seconds, 1e-9)
    line = f"step {step.number:5d}  {step.done:6.1%}  loss {step.loss:.3f}  {speed:6.0f} tokens/s"
    print(f"{line}  {left / 60:4.1f} min left", file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Train (or check) as the arguments say, and say where the result is."""
    given = _parser().parse_args(arguments)
    torch.set_num_threads(given.threads)
    if given.check:
        print(table(check(given.check, samples=given.samples, seed=given.seed)))
        return 0
    chosen = {name: getattr(given, name) for name in SETTINGS}
    model, tokenizer = train(StarterSettings(**chosen, bfloat16=not given.float32), _progress)
    given.out.mkdir(parents=True, exist_ok=True)
    save(model, tokenizer, given.out)
    count = write_prompts(given.prompts)
    size = sum(file.stat().st_size for file in given.out.iterdir())
    print(f"{given.out}: {size / 1e6:.1f} MB; {given.prompts}: {count} prompts.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
