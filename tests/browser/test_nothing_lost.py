"""Reloads, dropped connections and lost leases: work is never lost and never counted twice."""

from __future__ import annotations

import json
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from annotate.accounts.models import Session
from annotate.ranking.models import Assignment, Comparison
from annotate.rounds.models import Round
from tests.annotate.collecting import collecting_round, members_of
from tests.browser.cable import Cable
from tests.browser.conftest import Visit
from tests.browser.screens import annotator_of, press, rank_path, stored, texts, wait_saved


def open_round(visit: Visit, round: Round) -> Page:
    page = visit(annotator_of(round), rank_path(round))
    texts(page)
    return page


def test_it_keeps_a_draft_through_a_reload(visit: Visit) -> None:
    round = collecting_round(comparisons=1, k=4)
    page = open_round(visit, round)
    press(page, "cabd3x")
    page.reload()
    expect(page.get_by_role("button", name="C, 1st")).to_be_visible()
    expect(page.get_by_role("button", name="How much better is C than A? better")).to_be_visible()
    expect(page.get_by_role("button", name="All bad")).to_have_attribute("aria-pressed", "true")
    press(page, "22")
    page.keyboard.press("Enter")
    wait_saved(page)
    assert [annotation.gaps for annotation in stored(round)] == [[2, 1, 1]]


def test_it_shows_the_next_one_while_the_submit_is_under_way(visit: Visit) -> None:
    round = collecting_round(comparisons=3, k=4)
    page = open_round(visit, round)
    held: list[Route] = []
    page.route("**/submit", lambda route: held.append(route))
    answer = page.get_by_role("group", name="Text of answer A")
    first = answer.inner_text()
    expect(answer).to_have_text(first)
    press(page, "abc123")
    with page.expect_request("**/submit"):
        page.keyboard.press("Enter")
    expect(answer).not_to_have_text(first)
    expect(page.get_by_text("saving")).to_be_visible()
    assert stored(round) == []
    held[0].continue_()
    wait_saved(page)
    assert len(stored(round)) == 1


def test_it_goes_on_offline_and_saves_when_the_network_is_back(visit: Visit) -> None:
    round = collecting_round(comparisons=5, k=2)
    page = open_round(visit, round)
    page.context.set_offline(True)
    for key in "137":
        press(page, key)
        page.keyboard.press("Enter")
    expect(page.get_by_text("offline: 3 waiting")).to_be_visible()
    assert stored(round) == []
    page.context.set_offline(False)
    wait_saved(page)
    assert [annotation.gaps for annotation in stored(round)] == [[3], [1], [3]]
    assert len(texts(page)) == 2


def test_it_goes_on_after_a_reload_without_a_network(visit: Visit, cable: Cable) -> None:
    round = collecting_round(comparisons=5, k=2)
    page = visit(annotator_of(round), rank_path(round), cable=cable)
    texts(page)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    cable.pull_out()
    page.context.set_offline(True)
    press(page, "1")
    page.keyboard.press("Enter")
    expect(page.get_by_text("offline: 1 waiting")).to_be_visible()
    shown = texts(page)
    press(page, "2x")
    page.reload()
    told = page.get_by_role("alert").filter(has_text="This is what your browser has kept")
    expect(told).to_be_visible()
    assert texts(page) == shown
    expect(page.get_by_text("offline: 1 waiting")).to_be_visible()
    expect(page.get_by_role("radio", name="A better")).to_be_checked()
    expect(page.get_by_role("button", name="All bad")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Enter")
    expect(page.get_by_text("offline: 2 waiting")).to_be_visible()
    page.reload()
    expect(page.get_by_text("offline: 2 waiting")).to_be_visible()
    press(page, "7")
    page.keyboard.press("Enter")
    assert stored(round) == []
    cable.plug_in()
    page.context.set_offline(False)
    wait_saved(page)
    assert [(each.gaps, each.all_bad) for each in stored(round)] == [([3], False), ([2], True), ([3], False)]
    expect(told).to_have_count(0)
    assert len(texts(page)) == 2


def test_a_reload_without_a_network_shows_nothing_of_whoever_has_logged_out(
    visit: Visit, cable: Cable
) -> None:
    round = collecting_round(comparisons=2, k=2)
    user = annotator_of(round)
    page = visit(user, rank_path(round), cable=cable)
    [first, _] = texts(page)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    names = "caches.keys().then((names) => Promise.all(names.map((name) => caches.open(name))))"
    kept = page.evaluate(
        names + ".then((all) => Promise.all(all.map((one) => one.keys())))"
        ".then((all) => all.flat().map((request) => new URL(request.url).pathname))"
    )
    assert "/" in kept
    assert all(path == "/" or path.startswith("/static/") for path in kept)
    page.get_by_role("button", name=f"Account of {user.username}").click()
    page.get_by_role("menuitem", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    cable.pull_out()
    page.context.set_offline(True)
    page.goto(rank_path(round))
    expect(page.get_by_role("heading", name="Log in").or_(page.get_by_role("alert"))).to_be_visible()
    expect(page.get_by_text(first, exact=True)).to_have_count(0)


def test_it_saves_after_a_reload_what_it_could_not_send_before(visit: Visit) -> None:
    round = collecting_round(comparisons=3, k=2)
    page = open_round(visit, round)
    page.route("**/submit", lambda route: route.abort())
    press(page, "2")
    page.keyboard.press("Enter")
    expect(page.get_by_text("offline: 1 waiting")).to_be_visible()
    page.unroute_all()
    page.reload()
    wait_saved(page)
    assert [annotation.gaps for annotation in stored(round)] == [[2]]


def test_it_counts_once_a_submit_whose_answer_was_lost(visit: Visit) -> None:
    round = collecting_round(comparisons=3, k=2)
    page = open_round(visit, round)
    lost: list[str] = []

    def lose_first_answer(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch().text())
        route.abort()

    page.route("**/submit", lose_first_answer)
    press(page, "2")
    page.keyboard.press("Enter")
    expect(page.get_by_text("offline: 1 waiting")).to_be_visible()
    wait_saved(page)
    [annotation] = stored(round)
    assert json.loads(lost[0])["uid"] == str(annotation.uid)


def test_it_tells_of_a_lost_lease_and_keeps_the_work(visit: Visit) -> None:
    round = collecting_round(comparisons=1, k=2, members=2)
    page = open_round(visit, round)
    mine = Assignment.objects.get()
    give_to_another(mine, round)
    press(page, "6")
    page.keyboard.press("Enter")
    told = page.get_by_role("alert").filter(has_text="Not saved")
    expect(told).to_be_visible()
    expect(told.get_by_role("button", name="Copy my work")).to_be_visible()
    page.reload()
    expect(told).to_be_visible()
    told.get_by_role("button", name="Let it go").click()
    expect(told).to_have_count(0)
    assert stored(round) == []


def give_to_another(assignment: Assignment, round: Round) -> None:
    """As if the lease had run out and the only slot were another's now."""
    Assignment.objects.filter(pk=assignment.pk).update(
        state="expired", deadline=timezone.now() - timedelta(minutes=1)
    )
    Assignment.objects.create(
        comparison=assignment.comparison,
        annotator=members_of(round)[1],
        order=assignment.order,
        leased_at=timezone.now(),
        deadline=timezone.now() + timedelta(minutes=20),
    )
    assert Comparison.objects.get().taken == 1


def test_two_tabs_of_one_person_do_not_fight(visit: Visit) -> None:
    round = collecting_round(comparisons=3, k=2)
    page = open_round(visit, round)
    first = texts(page)
    other = page.context.new_page()
    other.goto(rank_path(round))
    assert texts(other) == first
    press(page, "1")
    page.keyboard.press("Enter")
    wait_saved(page)
    expect(other.get_by_text(first[0], exact=True)).to_have_count(0)
    press(other, "7")
    other.keyboard.press("Enter")
    wait_saved(other)
    assert len(stored(round)) == 2
    assert len({annotation.assignment_id for annotation in stored(round)}) == 2


def test_it_keeps_the_work_of_somebody_who_was_logged_out(visit: Visit) -> None:
    round = collecting_round(comparisons=3, k=2)
    user = annotator_of(round)
    user.set_password("a long enough secret")
    user.save()
    page = open_round(visit, round)
    Session.objects.all().delete()
    press(page, "2")
    page.keyboard.press("Enter")
    expect(page.get_by_text("logged out: 1 waiting")).to_be_visible()
    page.get_by_role("button", name="Log in again").click()
    page.get_by_label("User name").fill(user.username)
    page.get_by_role("textbox", name="Password").fill("a long enough secret")
    page.keyboard.press("Enter")
    wait_saved(page)
    assert [annotation.gaps for annotation in stored(round)] == [[2]]
