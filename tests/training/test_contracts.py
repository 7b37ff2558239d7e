from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from training.contracts import (
    ContractError,
    LoraSpec,
    pair_margins,
    read_dialogues,
    read_job,
    read_prompts,
    read_rankings,
)


def job_file(folder: Path, **fields: Any) -> Path:
    path = folder / "job.json"
    path.write_text(json.dumps({"stage": "sample", "output": "o", "work": "w", **fields}), encoding="utf-8")
    return path


def test_it_adds_gaps_between_and_caps_them_at_three() -> None:
    assert pair_margins([1, 1, 2]) == [(0, 1, 1), (0, 2, 2), (0, 3, 3), (1, 2, 1), (1, 3, 3), (2, 3, 2)]


def test_it_gives_no_pair_for_completions_called_equal() -> None:
    assert pair_margins([None, 2]) == [(0, 2, 2), (1, 2, 2)]
    assert pair_margins([None, None]) == []


def test_it_keeps_a_pair_of_level_zero() -> None:
    assert pair_margins([0]) == [(0, 1, 0)]


def test_it_reads_a_job_with_defaults(tmp_path: Path) -> None:
    job = read_job(job_file(tmp_path))
    assert job.sampling.temperatures == [1.0]
    assert job.lora is None


def test_it_takes_an_empty_lora_as_its_defaults(tmp_path: Path) -> None:
    assert read_job(job_file(tmp_path, lora={})).lora == LoraSpec()


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"stage": "train"}, "not one of"),
        ({"colour": 1}, "unknown fields: colour"),
        ({"k": 0}, "k must be"),
        ({"k": True}, "k must be"),
        ({"seed": -1}, "seed must be"),
        ({"policy": 3}, "policy must be text"),
        ({"output": ""}, "must name folders"),
        ({"rankings": "a.jsonl"}, "list of file names"),
        ({"params": []}, "params must be an object"),
        ({"precision": "int8"}, "float32 or bfloat16"),
        ({"sampling": {"temperatures": []}}, "temperatures"),
        ({"sampling": {"temperatures": [float("nan")]}}, "temperatures"),
        ({"sampling": {"top_p": 0}}, "top_p"),
        ({"sampling": {"max_new_tokens": 0}}, "max_new_tokens"),
        ({"sampling": {"heat": 1}}, "heat"),
        ({"lora": {"rank": 0}}, "lora.rank"),
        ({"lora": {"dropout": 1}}, "lora.dropout"),
    ],
)
def test_it_refuses_a_wrong_job_naming_the_field(tmp_path: Path, fields: dict[str, Any], says: str) -> None:
    with pytest.raises(ContractError, match=says):
        read_job(job_file(tmp_path, **fields))


def test_it_refuses_a_job_that_is_not_json(tmp_path: Path) -> None:
    path = tmp_path / "job.json"
    path.write_text("{")
    with pytest.raises(ContractError, match="cannot be read"):
        read_job(path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"gaps": [1, 2]}, "K - 1 gaps"),
        ({"gaps": [4]}, "0 to 3"),
        ({"weight": -1}, "weight"),
        ({"colour": 1}, "line 1"),
    ],
)
def test_it_refuses_a_wrong_ranking_naming_the_line(
    tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    row = {
        "prompt_id": "p",
        "messages": [{"role": "user", "content": "a"}],
        "completions": [{"text": "a"}, {"text": "b"}],
        "gaps": [1],
    }
    path = tmp_path / "rankings.jsonl"
    path.write_text(json.dumps({**row, **change}) + "\n")
    with pytest.raises(ContractError, match=says):
        read_rankings(path)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"messages": [{"role": "assistant", "content": "a"}]}, "ends in an assistant turn after others"),
        ({"messages": [{"role": "user", "content": "a"}] * 2}, "ends in an assistant turn"),
        ({"messages": [{"content": "a"}]}, "both text"),
        ({"dialogue": []}, "line 1 is not a dialogue row"),
    ],
)
def test_it_refuses_a_wrong_dialogue(tmp_path: Path, row: dict[str, Any], says: str) -> None:
    path = tmp_path / "dialogues.jsonl"
    path.write_text(json.dumps(row) + "\n")
    with pytest.raises(ContractError, match=says):
        read_dialogues(path)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"prompt_id": "p", "messages": "hello"}, "both text"),
        ({"prompt_id": "p", "messages": []}, "both text"),
        ({"prompt_id": "p", "messages": [{"role": "user", "content": 3}]}, "both text"),
        ({"prompt_id": "p"}, "is not a prompt row"),
        (
            {"prompt_id": "q", "messages": [{"role": "user", "content": "a"}]},
            "line 2: the prompt_id q has been",
        ),
    ],
)
def test_it_refuses_a_wrong_or_repeated_prompt(tmp_path: Path, row: dict[str, Any], says: str) -> None:
    path = tmp_path / "prompts.jsonl"
    first = {"prompt_id": "q", "messages": [{"role": "user", "content": "a"}]}
    path.write_text(json.dumps(first) + "\n" + json.dumps(row) + "\n")
    with pytest.raises(ContractError, match=says):
        read_prompts(path)


def test_it_refuses_a_prompts_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="cannot be read"):
        read_prompts(tmp_path / "none.jsonl")
