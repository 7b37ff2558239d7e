"""A round's recipe: the methods, put in order with the keyboard, and the runs that they become."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from annotate.accounts.models import User
from annotate.campaigns.services import create_campaign
from annotate.loop.models import RunMetric, RunState, TrainingRun
from annotate.prompts.models import Prompt
from annotate.rounds.models import Round, RoundState
from annotate.rounds.transitions import move
from tests.annotate.collecting import collecting_round
from tests.browser.conftest import DESKTOP, PHONE, SCREENSHOTS, Visit
from tests.browser.screens import elsewhere

pytestmark = pytest.mark.usefixtures("transactional_db")


def researcher() -> User:
    return User.objects.create_user("ada", password="a long enough secret", role="admin")


@pytest.mark.parametrize(("name", "size"), [("desktop", DESKTOP), ("phone", PHONE)])
def test_it_puts_the_methods_in_order_by_keyboard_and_launches(
    visit: Visit, name: str, size: tuple[int, int]
) -> None:
    campaign = create_campaign(creator=None, name="Notes")
    for number, split in enumerate(("train", "train", "heldout")):
        Prompt.objects.create(
            campaign=campaign, messages=[{"role": "user", "content": f"P{number}"}], digest=f"{number:064}",
            split=split,
        )  # fmt: skip
    page = visit(researcher(), f"/campaigns/{campaign.pk}?tab=rounds", size=size)
    methods = page.get_by_role("list", name="Methods in order").get_by_role("listitem")
    expect(methods).to_have_count(1)
    adding = page.get_by_role("combobox", name="Add a method")
    for label in ("Rejection sampling", "PPO"):
        adding.click()
        page.get_by_role("option", name=label, exact=True).click()
    expect(methods).to_have_count(3)
    up = page.get_by_role("button", name="Move Rejection sampling up")
    up.focus()
    page.keyboard.press("Enter")
    expect(methods.first).to_contain_text("Rejection sampling")
    expect(up).to_be_focused()
    page.get_by_role("button", name="Remove DPO").press("Space")
    expect(methods).to_have_count(2)
    expect(adding).to_be_focused()
    wide = page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert wide, "the page scrolls sideways"
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"recipe-{name}.png", full_page=True)
    page.get_by_role("button", name="Launch the round").click()
    expect(page.get_by_role("heading", name="Round 1")).to_be_visible()
    assert Round.objects.get().recipe["method"] == ["rejection_sampling", "ppo"]


def test_each_method_has_its_progress_and_its_curves(visit: Visit) -> None:
    round = collecting_round(comparisons=3)
    for state in (RoundState.TRAINING_REWARD, RoundState.TRAINING_POLICY):
        elsewhere(move, round=round, to=state)
    round.recipe = {**round.recipe, "method": ["rejection_sampling", "online_dpo", "kto"]}
    round.save()
    done, running = (
        TrainingRun.objects.create(
            round=round, stage=stage, state=state, attempt=1, job={}, progress=progress, result=result,
            started_at=timezone.now(), ended_at=timezone.now() if result else None,
        )
        for stage, state, progress, result in (
            ("rejection", RunState.SUCCEEDED, {}, {"metrics": {"chosen_reward_mean": 1.25}}),
            ("online", RunState.RUNNING, {"phase": "online", "step": 12, "total": 38, "unit": "step"}, None),
        )
    )  # fmt: skip
    for step in range(1, 13):
        values = {"loss": 0.7 - step / 60, "reward": step / 12, "kl": step / 4, "length": 20.0 + step}
        RunMetric.objects.create(run=running, step=step, values=values)
    page = visit(researcher(), f"/rounds/{round.pk}")
    first = page.get_by_role("region", name="Training the policy: Rejection sampling, 1 of 3")
    expect(first).to_contain_text("Done.")
    expect(first).to_contain_text("Chosen reward mean")
    second = page.get_by_role("region", name="Training the policy: Online DPO, 2 of 3")
    expect(second).to_contain_text("12 of 38 steps")
    expect(second).to_contain_text("Mean reward of fresh answers")
    expect(second).to_contain_text("KL to the round")
    third = page.get_by_role("region", name="Training the policy: KTO, 3 of 3")
    expect(third).to_contain_text("The round has not come to this yet.")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "round-methods.png", full_page=True)
    assert done.pk < running.pk
