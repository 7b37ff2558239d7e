from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.training.tiny import write_lines
from training.benchmarks import Contest, read_benchmark
from training.contracts import ContractError

ASKED = [{"role": "user", "content": "cake?"}]


def read(folder: Path, *rows: dict[str, Any]) -> list[Contest]:
    return read_benchmark(Path(write_lines(folder / "some.jsonl", list(rows))))


def reply(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "cake?", "chosen": "yes", "rejected": "no"},
        {"prompt": ASKED, "chosen": "yes", "rejected": "no"},
        {"prompt": ASKED, "chosen": [reply("yes")], "rejected": [reply("no")]},
        {"prompt": "cake?", "chosen": [*ASKED, reply("yes")], "rejected": [*ASKED, reply("no")]},
        {"chosen": [*ASKED, reply("yes")], "rejected": [*ASKED, reply("no")]},
        {"chosen": "\n\nHuman: cake?\n\nAssistant: yes", "rejected": "\n\nHuman: cake?\n\nAssistant: no"},
        {"prompt": "\n\nHuman: cake?", "chosen": "yes", "rejected": "no"},
        {"prompt": "cake?", "chosen": ["yes"], "rejected": ["no"]},
    ],
)
def test_it_reads_one_contest_however_it_is_written(tmp_path: Path, row: dict[str, Any]) -> None:
    [contest] = read(tmp_path, row)
    assert contest == Contest(1, [{"role": "user", "content": "cake?"}], ["yes"], ["no"])


def test_it_takes_a_reply_that_says_nothing(tmp_path: Path) -> None:
    rows = [
        {"prompt": "cake?", "chosen": "yes", "rejected": ""},
        {"chosen": "\n\nHuman: cake?\n\nAssistant: yes", "rejected": "\n\nHuman: cake?\n\nAssistant:"},
    ]
    assert [contest.rejected for contest in read(tmp_path, *rows)] == [[""], [""]]


def test_it_reads_subsets_several_replies_and_passes_over_other_columns(tmp_path: Path) -> None:
    row = {
        "prompt": "cake?",
        "chosen": ["yes"],
        "rejected": ["no", "tea"],
        "subset": "hard",
        "id": 7,
        "extra": {},
    }
    [contest] = read(tmp_path, row)
    assert contest.rejected == ["no", "tea"]
    assert contest.subset == "hard"


def test_it_reads_parquet_json_and_gzip_alike(tmp_path: Path) -> None:
    rows = [
        {
            "prompt": "cake?",
            "chosen": [*ASKED, reply("yes")],
            "rejected": [*ASKED, reply("no")],
            "subset": None,
        },
        {"prompt": "tea?", "chosen": [reply("now")], "rejected": [reply("never")], "subset": "hard"},
    ]
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    (tmp_path / "a.json").write_text(json.dumps(rows))
    lines = "".join(json.dumps(row) + "\n\n" for row in rows)
    (tmp_path / "a.jsonl").write_text(lines)
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    read = [read_benchmark(path) for path in sorted(tmp_path.iterdir())]
    assert len(read) == 4
    assert all(own == read[0] for own in read)
    assert [contest.subset for contest in read[0]] == ["", "hard"]


@pytest.mark.parametrize(
    ("row", "clause"),
    [
        ({"chosen": "yes", "rejected": "no"}, "it has no prompt"),
        ({"prompt": "cake?", "chosen": "yes"}, "rejected is neither text, texts nor messages"),
        ({"prompt": "cake?", "chosen": "yes", "rejected": []}, "rejected is neither text"),
        ({"prompt": " ", "chosen": "yes", "rejected": "no"}, "it has no prompt"),
        ({"prompt": "cake?", "chosen": [*ASKED], "rejected": "no"}, "chosen does not end in a reply"),
        ({"prompt": "cake?", "chosen": [{"role": 1}], "rejected": "no"}, "chosen has a turn without"),
        ({"prompt": 3, "chosen": "yes", "rejected": "no"}, "it has no prompt"),
        (
            {"chosen": "\n\nHuman: a\n\nAssistant: b", "rejected": "\n\nHuman: c\n\nAssistant: d"},
            "chosen and rejected answer different conversations",
        ),
    ],
)
def test_it_names_the_row_that_is_wrong(tmp_path: Path, row: dict[str, Any], clause: str) -> None:
    with pytest.raises(ContractError, match=f"some.jsonl row 2: {clause}"):
        read(tmp_path, {"prompt": "cake?", "chosen": "yes", "rejected": "no"}, row)


@pytest.mark.parametrize(
    ("name", "content", "clause"),
    [
        ("a.csv", b"prompt,chosen", "is not a .jsonl, .json or .parquet file"),
        ("a.jsonl", b"", "holds no row"),
        ("a.jsonl", b"{", "cannot be read"),
        ("a.jsonl", b"[1]", "row 1: it is no object"),
        ("a.jsonl.gz", b"plain", "cannot be read"),
        ("a.parquet", b"plain", "cannot be read"),
        ("a.jsonl", b"\xff\xfe", "cannot be read"),
    ],
)
def test_it_refuses_a_file_that_is_none(tmp_path: Path, name: str, content: bytes, clause: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ContractError, match=clause):
        read_benchmark(tmp_path / name)


def test_it_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="cannot be read"):
        read_benchmark(tmp_path / "a.jsonl")


def test_it_says_what_parquet_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ContractError, match="pip install pyarrow"):
        read_benchmark(tmp_path / "a.parquet")
