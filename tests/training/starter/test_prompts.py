"""The prompts that ship with the starter."""

from __future__ import annotations

import json
from pathlib import Path

from training.starter.prompts import HELDOUT_PROMPTS, TRAIN_PROMPTS, starter_prompts, write_prompts

SHIPPED = Path(__file__).parents[3] / "training" / "starter" / "prompts.jsonl"


def test_it_ships_the_prompts_that_it_writes(tmp_path: Path) -> None:
    assert write_prompts(tmp_path / "prompts.jsonl") == TRAIN_PROMPTS + HELDOUT_PROMPTS
    assert (tmp_path / "prompts.jsonl").read_bytes() == SHIPPED.read_bytes()


def test_it_ships_enough_of_both_splits_with_unique_ids_and_texts() -> None:
    rows = [json.loads(line) for line in SHIPPED.read_text(encoding="utf-8").splitlines()]
    assert sum(row["split"] == "train" for row in rows) == 600
    assert sum(row["split"] == "heldout" for row in rows) == 120
    assert len({row["id"] for row in rows}) == len({row["prompt"] for row in rows}) == len(rows)
    assert all(set(row) == {"id", "prompt", "split"} and row["prompt"].strip() for row in rows)


def test_its_held_out_prompts_are_new_combinations_of_known_words() -> None:
    train = [prompt.combination for prompt in starter_prompts() if prompt.split == "train"]
    heldout = [prompt.combination for prompt in starter_prompts() if prompt.split == "heldout"]
    assert len({*train, *heldout}) == len(train) + len(heldout)
    assert {family for family, _ in heldout} == {family for family, _ in train}
