"""add_comparisons: what was sampled becomes a queue, once."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from annotate.errors import Invalid
from annotate.prompts.models import Prompt
from annotate.ranking.models import Comparison, Completion
from annotate.ranking.progress import collecting_counts
from annotate.ranking.services import add_comparisons
from annotate.rounds.models import Round
from tests.annotate.collecting import collecting_round
from training.contracts import CompletionRow

pytestmark = pytest.mark.django_db


def _row(prompt_id: str, index: int, text: str = "Hello") -> CompletionRow:
    return CompletionRow(
        prompt_id=prompt_id, index=index, text=text, token_ids=[1, 2], logprobs=[-0.1, -0.2],
        temperature=0.7, top_p=0.9, seed=3, finish="length",
    )  # fmt: skip


@pytest.fixture
def round() -> Round:
    round = collecting_round(comparisons=2, k=2, overlap=2)
    Comparison.objects.all().delete()
    Prompt.objects.update(used=0)
    return round


def test_it_stores_completions_with_their_provenance(round: Round) -> None:
    prompt = Prompt.objects.order_by("pk")[0]
    rows = [_row(str(prompt.pk), 1), _row(str(prompt.pk), 0)]
    assert add_comparisons(round=round, completions=lambda: rows) == 1
    completion = Completion.objects.get(index=0)
    assert completion.checkpoint == round.start_policy
    assert completion.comparison.overlap == 2
    assert (completion.token_ids, completion.logprobs) == ([1, 2], [-0.1, -0.2])
    sampled = (completion.temperature, completion.top_p, completion.seed, completion.finish)
    assert sampled == (0.7, 0.9, 3, "length")


def test_it_makes_a_comparison_each_time_a_prompt_is_asked(round: Round) -> None:
    first, second = (str(pk) for pk in Prompt.objects.order_by("pk").values_list("pk", flat=True))
    rows = [_row(name, index) for name in (first, f"{first}.1", second) for index in (0, 1)]
    assert add_comparisons(round=round, completions=lambda: rows) == 3
    assert list(Prompt.objects.order_by("pk").values_list("used", flat=True)) == [2, 1]
    assert sorted(Comparison.objects.values_list("position", flat=True)) == [0, 1, 2]


def test_it_changes_nothing_when_called_again(round: Round) -> None:
    prompt = Prompt.objects.order_by("pk")[0]
    rows = [_row(str(prompt.pk), 0), _row(str(prompt.pk), 1)]
    assert [add_comparisons(round=round, completions=lambda: rows) for _ in range(2)] == [1, 0]
    assert collecting_counts(round_id=round.pk)["comparisons"] == 1
    assert Prompt.objects.get(pk=prompt.pk).used == 1


def test_it_refuses_a_prompt_without_k_completions(round: Round) -> None:
    prompt = str(Prompt.objects.order_by("pk")[0].pk)
    for indices in ([0], [0, 0], [1, 2], [-1, 1], [0, 1, 1], [0, 300]):
        rows = [_row(prompt, index) for index in indices]
        with pytest.raises(Invalid, match=f"has {len(rows)} completions where 2 were asked for"):
            add_comparisons(round=round, completions=partial(iter, rows))
    assert not Comparison.objects.exists()


def test_the_rows_of_a_prompt_may_stand_apart(round: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotate.ranking.services.BATCH", 2)
    pks = [str(pk) for pk in Prompt.objects.order_by("pk").values_list("pk", flat=True)]
    names = [*pks, f"{pks[0]}.1", f"{pks[1]}.1", f"{pks[1]}.2"]
    together = [_row(name, index, f"{name} {index}") for name in names for index in (0, 1)]
    apart = [row for index in (1, 0) for row in together if row.index == index]
    queues = []
    for rows in (together, apart):
        Comparison.objects.all().delete()
        assert add_comparisons(round=round, completions=partial(iter, rows)) == 5
        queues.append(
            list(
                Completion.objects.order_by("comparison__position", "index").values_list(
                    "comparison__position", "comparison__prompt", "text"
                )
            )
        )
    assert queues[0] == queues[1]
    assert all(text.split(".")[0].split(" ")[0] == str(prompt) for _, prompt, text in queues[0])


def test_it_replaces_a_nul_that_the_model_wrote(round: Round) -> None:
    prompt = str(Prompt.objects.order_by("pk")[0].pk)
    rows = [_row(prompt, 0, "a\0b"), replace(_row(prompt, 1), text="")]
    add_comparisons(round=round, completions=lambda: rows)
    assert list(Completion.objects.order_by("index").values_list("text", flat=True)) == ["a\ufffdb", ""]
