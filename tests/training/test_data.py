from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.training.tiny import make_tokenizer, ranking_rows, write_lines
from training.contracts import ContractError, RankedCompletion
from training.data import Encoder, load_rankings
from training.params.sources import RankingParams

EOS = 0


@pytest.fixture
def encoder() -> Encoder:
    return Encoder(make_tokenizer(), context=200, vocabulary=300)


def test_it_renders_by_the_chat_template_where_there_is_one(encoder: Encoder) -> None:
    ids = encoder.prompt([{"role": "system", "content": "be kind"}, {"role": "user", "content": "warm tea"}])
    assert encoder.tokenizer.decode(ids) == "<|system|>be kind<eos><|user|>warm tea<eos><|assistant|>"


def test_it_renders_plainly_where_there_is_none() -> None:
    encoder = Encoder(make_tokenizer(template=False), context=200, vocabulary=300)
    ids = encoder.prompt([{"role": "user", "content": "warm tea"}])
    assert encoder.tokenizer.decode(ids) == "User: warm tea\n\nAssistant:"


def test_it_keeps_sampled_ids_and_never_tokenises_again(encoder: Encoder) -> None:
    # "warm" letter by letter: no tokenizer would give these ids for this text
    vocabulary = make_tokenizer().get_vocab()
    ids = [vocabulary[letter] for letter in "warm"]
    assert encoder.completion(RankedCompletion("warm", ids, "length")) == ids


def test_it_ends_a_written_reply_with_eos_and_a_cut_one_without(encoder: Encoder) -> None:
    whole = encoder.completion(RankedCompletion("warm tea"))
    cut = encoder.completion(RankedCompletion("warm tea", finish="length"))
    assert whole == [*cut, EOS]


def test_it_starts_the_completion_where_the_prompt_ends(encoder: Encoder) -> None:
    group = encoder.group("p", [{"role": "user", "content": "tea"}], [RankedCompletion("warm")])
    assert str(encoder.tokenizer.decode(group.prompt)).endswith("<|assistant|>")
    assert encoder.tokenizer.decode(group.completions[0]) == "warm<eos>"


@pytest.mark.parametrize(
    ("completion", "says"),
    [
        (RankedCompletion("x", [5] * 200), "context is 200"),
        (RankedCompletion("x", [300]), "another tokenizer"),
        (RankedCompletion("", [], "length"), "no tokens"),
    ],
)
def test_it_refuses_what_the_model_cannot_take(
    encoder: Encoder, completion: RankedCompletion, says: str
) -> None:
    with pytest.raises(ContractError, match=says):
        encoder.group("p7", [{"role": "user", "content": "tea"}], [completion])


def load(tmp_path: Path, encoder: Encoder, rows: list[dict[str, Any]]) -> Any:
    return load_rankings([write_lines(tmp_path / "rankings.jsonl", rows)], encoder, RankingParams())


def test_it_keeps_held_out_rankings_apart(tmp_path: Path, encoder: Encoder) -> None:
    rankings = load(tmp_path, encoder, ranking_rows(5, heldout=2))
    assert [item.prompt_id for item in rankings.train] == ["p0", "p1", "p2"]
    assert [item.prompt_id for item in rankings.heldout] == ["p3", "p4"]


def test_it_drops_rankings_that_state_nothing(tmp_path: Path, encoder: Encoder) -> None:
    rows = ranking_rows(3)
    rows[0]["gaps"] = [None, None]
    rows[1]["weight"] = 0
    assert [item.prompt_id for item in load(tmp_path, encoder, rows).train] == ["p2"]


def test_it_reads_all_files_in_order(tmp_path: Path, encoder: Encoder) -> None:
    first = write_lines(tmp_path / "one.jsonl", ranking_rows(1))
    second = write_lines(tmp_path / "two.jsonl", ranking_rows(2))
    assert [item.prompt_id for item in load_rankings([first, second], encoder, RankingParams()).train] == [
        "p0",
        "p0",
        "p1",
    ]


@pytest.mark.parametrize("rows", [[], ranking_rows(2, heldout=2)])
def test_it_refuses_rankings_with_nothing_to_train_on(
    tmp_path: Path, encoder: Encoder, rows: list[dict[str, Any]]
) -> None:
    with pytest.raises(ContractError, match="no pair to train on"):
        load(tmp_path, encoder, rows)
