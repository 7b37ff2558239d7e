"""Recipe and Task: what they accept, what they refuse and how a round's overrides are laid over them."""

from __future__ import annotations

from typing import Any

import pytest

from annotate.campaigns.recipe import METHODS, Recipe
from annotate.campaigns.services import create_campaign
from annotate.campaigns.task import Task
from annotate.errors import Invalid

ONE_OR_MORE = f"recipe.method must be one or more of {', '.join(METHODS)}, each at most once."
STAGES = ", ".join(["judge", "reward", "safety", *METHODS.values(), "evaluate"])


def test_it_fills_in_the_defaults() -> None:
    assert Recipe.parse({}) == Recipe()
    assert Recipe.parse({"k": 2}).as_dict() == {**Recipe().as_dict(), "k": 2}


def test_it_lays_overrides_over_the_campaigns_recipe() -> None:
    base = Recipe.parse({"k": 3, "params": {"dpo": {"beta": 0.1, "epochs": 2}, "reward": {"epochs": 1}}})
    merged = Recipe.parse({"comparisons": 7, "params": {"dpo": {"beta": 0.2}}}, base=base)
    assert (merged.k, merged.comparisons) == (3, 7)
    assert merged.params == {"dpo": {"beta": 0.2, "epochs": 2}, "reward": {"epochs": 1}}


def test_it_round_trips_through_json() -> None:
    recipe = Recipe.parse({"temperatures": [0.7, 1.2], "lora": False})
    assert Recipe.parse(recipe.as_dict()) == recipe


def test_it_lists_methods_and_still_reads_a_single_name() -> None:
    assert Recipe.parse({"method": ["rejection_sampling", "dpo"]}).policy_stages == ["rejection", "dpo"]
    assert Recipe.parse({"method": "dpo"}).method == ["dpo"]
    old = {**Recipe().as_dict(), "method": "dpo"}
    del old["policy_prompts"]
    assert Recipe.parse({"k": 2}, base=Recipe.parse(old)) == Recipe(k=2)


def test_it_trains_a_safety_model_only_where_it_is_asked_for() -> None:
    assert Recipe().reward_stages == ["reward"]
    assert Recipe.parse({"safety": True, "judge": "policy"}).reward_stages == ["judge", "reward", "safety"]


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", [[], "", 0, False])
def test_a_campaign_is_not_made_with_what_is_no_recipe(wrong: Any) -> None:
    with pytest.raises(Invalid, match="recipe must be an object"):
        create_campaign(creator=None, name="one", recipe=wrong)


def test_it_counts_the_heldout_comparisons() -> None:
    assert Recipe.parse({"comparisons": 150, "heldout_share": 0.1}).heldout_comparisons == 15
    assert Recipe.parse({"comparisons": 4, "heldout_share": 0}).heldout_comparisons == 0


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ({"k": 1}, "recipe.k must be a whole number from 2 to 9."),
        ({"k": "4"}, "recipe.k must be a whole number from 2 to 9."),
        ({"k": True}, "recipe.k must be a whole number from 2 to 9."),
        ({"k": 4.0}, "recipe.k must be a whole number from 2 to 9."),
        ({"heldout_share": float("nan")}, "recipe.heldout_share must be a number from 0 to 0.5."),
        ({"temperatures": []}, "recipe.temperatures must be a list of 1 to 9 numbers from 0 to 5."),
        ({"temperatures": [1, "hot"]}, "recipe.temperatures must be a list of 1 to 9 numbers from 0 to 5."),
        ({"safety": "yes"}, "recipe.safety must be true or false."),
        ({"method": "magic"}, ONE_OR_MORE),
        ({"method": []}, ONE_OR_MORE),
        ({"method": ["dpo", "dpo"]}, ONE_OR_MORE),
        ({"method": ["dpo", {}]}, ONE_OR_MORE),
        ({"method": {"dpo": 1}}, ONE_OR_MORE),
        ({"policy_prompts": 0}, "recipe.policy_prompts must be a whole number from 1 to 100000."),
        ({"lora": 1}, "recipe.lora must be true or false."),
        (
            {"params": {"sample": {}}},
            f"recipe.params must be an object with parameters for {STAGES}.",
        ),
        (
            {"params": {"dpo": {"note": "a\0b"}}},
            f"recipe.params must be an object with parameters for {STAGES}.",
        ),
        ([], "recipe must be an object."),
    ],
)
def test_it_names_the_setting_that_is_wrong(raw: Any, sentence: str) -> None:
    with pytest.raises(Invalid) as caught:
        Recipe.parse(raw)
    assert str(caught.value.detail) == sentence


def test_it_refuses_a_setting_it_does_not_know() -> None:
    with pytest.raises(
        Invalid, match=r"task\.colour is not a setting; there are rationale, all_bad, skip, safety, "
    ):
        Task.parse({"colour": "red"})
