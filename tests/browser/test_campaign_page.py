"""A researcher makes a campaign, brings in prompts and people, launches a round and exports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from annotate.accounts.models import User
from annotate.campaigns.models import Campaign
from annotate.campaigns.services import create_campaign
from annotate.rounds.models import Round
from tests.annotate.collecting import collecting_round
from tests.browser.conftest import Visit
from tests.browser.screens import texts

pytestmark = pytest.mark.usefixtures("transactional_db")


def admin() -> User:
    return User.objects.create_user("ada", password="a long enough secret", role="admin")


def prompt_file(folder: Path, *lines: str) -> Path:
    path = folder / "prompts.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def good_lines(count: int) -> list[str]:
    return [json.dumps({"prompt": f"Prompt {number}", "split": "train"}) for number in range(count)]


def bring(page: Page, path: Path) -> None:
    page.locator("input[type=file]").set_input_files(path)


def test_it_logs_in_where_one_wanted_to_go_and_out_again(visit: Visit) -> None:
    admin()
    page = visit(None, "/people")
    page.get_by_label("User name").fill("ada")
    page.get_by_role("textbox", name="Password").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_role("textbox", name="Password").fill("a long enough secret")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="People")).to_be_visible()
    page.get_by_role("button", name="Account of ada").click()
    page.get_by_role("menuitem", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_it_makes_a_campaign_and_says_what_comes_next(visit: Visit) -> None:
    page = visit(admin(), "/")
    expect(page.get_by_role("heading", name="No campaign yet")).to_be_visible()
    page.get_by_role("link", name="New campaign").click()
    page.get_by_label("Name").fill("Short notes")
    page.get_by_label("Guidelines").fill("Prefer **polite**.")
    page.get_by_role("button", name="Create campaign").click()
    expect(page.get_by_role("heading", name="Short notes")).to_be_visible()
    expect(page.get_by_role("list", name="Before the first round")).to_contain_text("Import prompts")
    assert Campaign.objects.get().guidelines == "Prefer **polite**."


def test_it_names_every_bad_line_of_a_prompt_file_and_imports_nothing(visit: Visit, tmp_path: Path) -> None:
    campaign = create_campaign(creator=None, name="Notes")
    page = visit(admin(), f"/campaigns/{campaign.pk}?tab=prompts")
    bring(page, prompt_file(tmp_path, *good_lines(2), "{not json", '{"prompt": ""}'))
    told = page.get_by_role("alert")
    expect(told).to_contain_text("Line 3:")
    expect(told).to_contain_text("Line 4:")
    assert campaign.prompts.count() == 0
    bring(page, prompt_file(tmp_path, *good_lines(3), good_lines(1)[0]))
    expect(page.get_by_text("3 prompts added")).to_contain_text("1 line held what was here already")
    expect(page.get_by_role("cell", name="Prompt 2")).to_be_visible()


def test_it_finds_prompts_and_keeps_the_search_in_the_address(visit: Visit, tmp_path: Path) -> None:
    campaign = create_campaign(creator=None, name="Notes")
    page = visit(admin(), f"/campaigns/{campaign.pk}?tab=prompts")
    bring(page, prompt_file(tmp_path, *good_lines(12)))
    page.get_by_label("Find").fill("Prompt 1")
    expect(page.get_by_role("row")).to_have_count(4)  # the head, 1, 10 and 11
    page.reload()
    expect(page.get_by_label("Find")).to_have_value("Prompt 1")
    expect(page.get_by_role("row")).to_have_count(4)


def test_it_makes_an_annotator_whose_password_lets_them_in(visit: Visit) -> None:
    campaign = create_campaign(creator=None, name="Notes")
    page = visit(admin(), f"/campaigns/{campaign.pk}?tab=people")
    page.get_by_label("Or make an account for a new annotator").fill("nora")
    page.get_by_role("button", name="Create annotator").click()
    password = page.get_by_test_id("one-time-password").inner_text()
    expect(page.get_by_role("cell", name="nora", exact=True)).to_be_visible()
    theirs = visit(None, "/")
    theirs.get_by_label("User name").fill("nora")
    theirs.get_by_role("textbox", name="Password").fill(password)
    theirs.keyboard.press("Enter")
    expect(theirs.get_by_role("heading", name="Your campaigns")).to_be_visible()
    expect(theirs.get_by_text("Notes", exact=True)).to_be_visible()


def test_it_adds_and_removes_a_member(visit: Visit) -> None:
    campaign = create_campaign(creator=None, name="Notes")
    User.objects.create(username="tom", role="annotator")
    page = visit(admin(), f"/campaigns/{campaign.pk}?tab=people")
    name = page.get_by_role("combobox", name="Add somebody who has an account")
    name.fill("nobody")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    name.fill("tom")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="Remove tom from the campaign").click()
    expect(page.get_by_role("heading", name="Nobody ranks here yet")).to_be_visible()
    assert campaign.memberships.count() == 0


def test_it_changes_settings_that_the_ranking_page_follows(visit: Visit) -> None:
    campaign = create_campaign(creator=None, name="Notes")
    page = visit(admin(), f"/campaigns/{campaign.pk}?tab=settings")
    page.get_by_role("switch", name="A comparison may be skipped").uncheck()
    page.get_by_label("Temperatures").fill("0.7, 1.2")
    params = page.get_by_label("Hyper-parameters of the stages")
    params.fill('{"dop": {"beta": 0.2}}')
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Must be an object with parameters for")).to_be_visible()
    expect(params).to_be_focused()
    expect(page.get_by_role("alert")).to_have_text("Not saved: the field that is wrong says so.")
    params.fill('{"dpo": {"beta": 0.2}}')
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    campaign.refresh_from_db()
    assert campaign.recipe["params"] == {"dpo": {"beta": 0.2}}
    assert campaign.task["skip"] is False
    assert campaign.recipe["temperatures"] == [0.7, 1.2]


def test_it_launches_a_round_or_says_why_not(visit: Visit, tmp_path: Path) -> None:
    campaign = create_campaign(creator=None, name="Notes")
    page = visit(admin(), f"/campaigns/{campaign.pk}")
    page.get_by_label("Comparisons", exact=True).fill("4")
    page.get_by_role("button", name="Launch the round").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_role("tab", name="Prompts").click()
    held_out = json.dumps({"prompt": "Prompt X", "split": "heldout"})
    bring(page, prompt_file(tmp_path, *good_lines(8), held_out))
    expect(page.get_by_text("9 prompts added")).to_be_visible()
    page.get_by_role("tab", name="Rounds").click()
    page.get_by_label("Comparisons", exact=True).fill("4")
    page.get_by_label("Held-out share").fill("0")
    page.get_by_label("Answers a prompt (K)").fill("2")
    judge = page.get_by_role("combobox", name="Judge")
    judge.click()
    page.get_by_role("option", name="The model of this server").click()
    page.get_by_role("button", name="Launch the round").click()
    expect(page.get_by_text("this server knows no judge")).to_be_visible()
    expect(judge).to_be_focused()
    judge.click()
    page.get_by_role("option", name="The policy itself").click()
    page.get_by_role("button", name="Launch the round").click()
    expect(page.get_by_role("heading", name="Round 1")).to_be_visible()
    recipe = Round.objects.get().recipe
    assert (recipe["k"], recipe["comparisons"]) == (2, 4)


def test_it_shows_what_an_export_holds_and_gives_it(visit: Visit) -> None:
    round = collecting_round(comparisons=1, k=2)
    ranker = visit(round.campaign.memberships.get().user, f"/campaigns/{round.campaign_id}/rank")
    texts(ranker)
    ranker.keyboard.press("7")
    ranker.keyboard.press("Enter")
    expect(ranker.get_by_role("heading", name="This round has what it needs")).to_be_visible()
    page = visit(admin(), f"/campaigns/{round.campaign_id}?tab=export")
    expect(page.get_by_role("table", name="Manifest")).to_contain_text("significantly 1")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download 1 pair").click()
    [row] = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert set(json.loads(row)) >= {"prompt", "chosen", "rejected", "margin"}


def test_it_goes_where_one_types(visit: Visit) -> None:
    create_campaign(creator=None, name="Notes")
    page = visit(admin(), "/")
    expect(page.get_by_role("link", name="Notes")).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Go to")).to_be_focused()
    page.keyboard.type("notes exp")
    expect(page.get_by_role("option", name="Notes: export")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Export the preferences")).to_be_visible()
