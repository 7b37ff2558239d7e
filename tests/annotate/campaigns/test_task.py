"""Task: the settings of the ranking page, attributes above all."""

from __future__ import annotations

from typing import Any

import pytest

from annotate.campaigns.attributes import answer_fault
from annotate.campaigns.task import Task
from annotate.errors import Invalid

LIKERT = {"name": "helpful", "label": "Helpfulness", "kind": "likert", "levels": 7, "required": True}
CHOICE = {"name": "tone", "label": "Tone", "kind": "choice", "options": ["warm", "curt"]}


def test_it_asks_for_nothing_more_than_a_ranking_by_default() -> None:
    task = Task.parse({})
    assert (task.safety, task.attributes, task.thumbs, task.flag, task.edit) == (
        "off",
        [],
        "off",
        False,
        False,
    )


def test_it_fills_in_what_an_attribute_leaves_out() -> None:
    task = Task.parse({"attributes": [CHOICE, {"name": "short", "label": "Concise", "kind": "likert"}]})
    assert task.attributes == [
        {**CHOICE, "required": False, "multiple": False},
        {"name": "short", "label": "Concise", "kind": "likert", "required": False, "levels": 5},
    ]
    assert Task.parse(task.as_dict()) == task


def test_it_reads_settings_that_were_stored_before_the_newer_ones_came() -> None:
    assert Task.parse({"rationale": "off", "all_bad": True, "skip": True}) == Task(rationale="off")


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ({"safety": "maybe"}, "task.safety must be one of off, on, required."),
        ({"thumbs": True}, "task.thumbs must be one of off, beside, instead."),
        ({"flag": "yes"}, "task.flag must be true or false."),
        ({"break_minutes": 241}, "task.break_minutes must be a whole number from 0 to 240."),
        ({"attributes": {}}, "task.attributes must be a list of attributes."),
        ({"attributes": [3]}, "task.attributes[0] must be an object whose kind is one of likert, choice."),
        (
            {"attributes": [{**LIKERT, "kind": ["likert"]}]},
            "task.attributes[0] must be an object whose kind is one of likert, choice.",
        ),
        (
            {"attributes": [{**LIKERT, "options": []}]},
            "task.attributes[0].options is not a setting of a likert.",
        ),
        (
            {"attributes": [CHOICE, {**LIKERT, "levels": 1}]},
            "task.attributes[1].levels must be a whole number from 2 to 10.",
        ),
        (
            {"attributes": [{**CHOICE, "options": ["warm", "warm"]}]},
            "task.attributes[0].options must be a list of 2 to 12 different texts of 1 to 80 characters.",
        ),
        (
            {"attributes": [{"name": "tone", "label": "Tone", "kind": "choice"}]},
            "task.attributes[0].options must be a list of 2 to 12 different texts of 1 to 80 characters.",
        ),
        (
            {"attributes": [{**CHOICE, "name": "The tone"}]},
            "task.attributes[0].name must be a short word of small letters, digits and underscores that "
            "begins with a letter.",
        ),
        (
            {"attributes": [{**CHOICE, "label": "a\0b"}]},
            "task.attributes[0].label must be a text of 1 to 80 characters.",
        ),
        ({"attributes": [{**CHOICE, "required": 1}]}, "task.attributes[0].required must be true or false."),
        (
            {"attributes": [CHOICE, LIKERT, CHOICE]},
            "task.attributes must have different names; tone stands there twice.",
        ),
        ({"attributes": [CHOICE] * 13}, "task.attributes must be at most 12; these are 13."),
        (
            {"flag_reasons": []},
            "task.flag_reasons must be a list of 1 to 12 different texts of 1 to 80 characters.",
        ),
        (
            {"flag_reasons": [" "]},
            "task.flag_reasons must be a list of 1 to 12 different texts of 1 to 80 characters.",
        ),
    ],
)
def test_it_names_the_setting_that_is_wrong(raw: Any, sentence: str) -> None:
    with pytest.raises(Invalid) as caught:
        Task.parse(raw)
    assert str(caught.value.detail) == sentence


@pytest.mark.parametrize("value", [1, 7])
def test_it_takes_a_level_of_the_scale(value: object) -> None:
    assert answer_fault(LIKERT, value) is None


@pytest.mark.parametrize("value", [0, 8, 2.0, True, "3", None, [1]])
def test_it_says_what_a_level_must_be(value: object) -> None:
    assert answer_fault(LIKERT, value) == "a whole number from 1 to 7"


def test_it_takes_one_option_or_where_the_campaign_says_so_several() -> None:
    one, several = {**CHOICE, "multiple": False}, {**CHOICE, "multiple": True}
    assert answer_fault(one, "warm") is None
    assert answer_fault(several, ["curt", "warm"]) is None
    for value in ("cold", ["warm"], None, 3):
        assert answer_fault(one, value) == "one of warm, curt"
    wrong: list[object] = ["warm", [], ["warm", "warm"], ["cold"], [{}]]
    for bad in wrong:
        assert answer_fault(several, bad) == "a list of one or more of warm, curt, each once"
