"""What one said is kept, found again, changed, read by reviewers and answered."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, expect

from annotate.accounts.models import User
from annotate.campaigns.services import update_campaign
from annotate.quality.models import Gold
from annotate.ranking.models import Annotation, Assignment, Comparison
from annotate.rounds.models import Round, RoundState
from tests.annotate.collecting import collecting_round, members_of
from tests.annotate.ranking.test_history import submit_next
from tests.browser.conftest import Visit
from tests.browser.screens import annotator_of, press, rank_path, stored, texts, wait_saved

BACK_IN_SIGHT = "document.dispatchEvent(new Event('visibilitychange'))"


def researcher() -> User:
    return User.objects.create(username="rosa", role="researcher")


ALL_SENT = """() => new Promise((go) => {
  const drafts = () => Object.keys(localStorage).filter((key) => key.startsWith('plumbline.draft.'))
  const isUnsent = (key) => JSON.parse(localStorage[key]).isUnsent
  const look = () => (drafts().some(isUnsent) ? setTimeout(look, 50) : go())
  look()
})"""


def draft_kept(page: Page, keys: str) -> None:
    """Press keys and wait until the server has the draft, with all of them: a part may go ahead."""
    press(page, keys)
    page.evaluate(ALL_SENT)


def test_a_draft_is_found_on_another_device_and_a_submit_leaves_both(visit: Visit) -> None:
    round = collecting_round(comparisons=2, k=4)
    laptop = visit(annotator_of(round), rank_path(round))
    first = texts(laptop)
    draft_kept(laptop, "cabd3")
    phone = visit(annotator_of(round), rank_path(round))
    expect(phone.get_by_role("button", name="C, 1st")).to_be_visible()
    expect(phone.get_by_role("button", name="How much better is C than A? better")).to_be_visible()
    press(phone, "22")
    phone.keyboard.press("Enter")
    wait_saved(phone)
    laptop.evaluate(BACK_IN_SIGHT)
    expect(laptop.get_by_text("in another tab or on another device")).to_be_visible()
    expect(laptop.get_by_text(first[0], exact=True)).to_have_count(0)
    assert [annotation.gaps for annotation in stored(round)] == [[2, 1, 1]]


def test_of_two_drafts_the_later_one_is_shown_and_the_other_can_be_taken(visit: Visit) -> None:
    round = collecting_round(comparisons=1, k=2)
    laptop = visit(annotator_of(round), rank_path(round))
    texts(laptop)
    phone = visit(annotator_of(round), rank_path(round))
    texts(phone)
    laptop.context.set_offline(True)
    press(laptop, "1")
    draft_kept(phone, "7")
    laptop.context.set_offline(False)
    laptop.evaluate(BACK_IN_SIGHT)
    notice = laptop.get_by_role("status").filter(has_text="from another device of yours")
    expect(notice).to_be_visible()
    expect(laptop.get_by_role("radio", name="B significantly better")).to_be_checked()
    notice.get_by_role("button", name="Take mine").click()
    expect(laptop.get_by_role("radio", name="A significantly better")).to_be_checked()
    laptop.get_by_role("button", name="Keep this").click()
    laptop.keyboard.press("Enter")
    wait_saved(laptop)
    assert len(stored(round)) == 1


def test_an_answer_that_came_too_late_is_kept_and_counts_when_there_is_room(visit: Visit) -> None:
    round = collecting_round(comparisons=1, k=2, members=2)
    page = visit(annotator_of(round), rank_path(round))
    texts(page)
    page.context.set_offline(True)
    press(page, "6")
    page.keyboard.press("Enter")
    expect(page.get_by_text("offline: 1 waiting")).to_be_visible()
    # Ten minutes later: the lease has run out and the only slot is another's.
    mine = Assignment.objects.get()
    Assignment.objects.update(state="expired", deadline=timezone.now() - timedelta(minutes=1))
    theirs = Assignment.objects.create(
        comparison=mine.comparison,
        annotator=members_of(round)[1],
        order=mine.order,
        leased_at=timezone.now(),
        deadline=timezone.now() + timedelta(minutes=20),
    )
    page.context.set_offline(False)
    told = page.get_by_role("alert").filter(has_text="Not saved")
    expect(told).to_contain_text("it does not count")
    assert stored(round) == []
    # The other one's lease runs out as well.
    Assignment.objects.filter(pk=theirs.pk).update(state="expired")
    Comparison.objects.update(taken=0)
    told.get_by_role("button", name="Try again").click()
    expect(told).to_have_count(0)
    wait_saved(page)
    assert [annotation.gaps for annotation in stored(round)] == [[2]]
    assert Comparison.objects.get().taken == 1


def test_one_finds_an_earlier_ranking_and_changes_it(visit: Visit) -> None:
    round = collecting_round(comparisons=3, k=2)
    user = annotator_of(round)
    for _ in range(3):
        submit_next(round, user, ranking=[0, 1], gaps=[1], rationale="First thought.")
    page = visit(user, f"/campaigns/{round.campaign_id}/history")
    expect(page.get_by_role("listitem")).to_have_count(3)
    page.get_by_label("Find").fill("Prompt 1")
    expect(page.get_by_role("listitem")).to_have_count(1)
    page.get_by_role("link", name="Prompt 1").click()
    expect(page.get_by_text("A slightly better than B")).to_be_visible()
    page.get_by_role("link", name="Change it").click()
    expect(page.get_by_text("You are changing a ranking of yours")).to_be_visible()
    expect(page.get_by_role("radio", name="A slightly better")).to_be_checked()
    expect(page.get_by_role("button", name="Skip")).to_have_count(0)
    # A change that was begun is kept, until one leaves it as it was.
    press(page, "5")
    page.reload()
    expect(page.get_by_text("This is how far you were")).to_be_visible()
    expect(page.get_by_role("radio", name="B slightly better")).to_be_checked()
    page.get_by_role("link", name="Leave it as it was").click()
    page.get_by_role("link", name="Change it").click()
    expect(page.get_by_role("radio", name="A slightly better")).to_be_checked()
    press(page, "7")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="How it came to be")).to_be_visible()
    trail = page.get_by_role("region", name="How it came to be").get_by_role("listitem")
    expect(trail).to_have_count(2)
    expect(trail.last).to_contain_text("B significantly better than A")
    assert sorted(annotation.gaps for annotation in stored(round)) == [[1], [1], [3]]
    assert Annotation.objects.filter(withdrawn_at=None).count() == 3


def test_a_note_reaches_the_annotator_and_the_answer_comes_back(visit: Visit) -> None:
    round = collecting_round(comparisons=1, k=2)
    user = annotator_of(round)
    submit_next(round, user)
    rosa = researcher()
    review = visit(rosa, f"/rounds/{round.pk}/review")
    review.get_by_text("Prompt 0").first.click()
    review.get_by_label(f"Write to {user.username}").fill("Why is B better?")
    review.get_by_role("button", name="Send").click()
    expect(review.get_by_text("1 note")).to_be_visible()
    page = visit(user, f"/campaigns/{round.campaign_id}/me")
    expect(page.get_by_text("1 new note").first).to_be_visible()
    page.get_by_label("Answer").fill("It thanks her by name.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("It thanks her by name.")).to_be_visible()
    expect(page.get_by_text("1 new note")).to_have_count(0)
    review.goto(f"/campaigns/{round.campaign_id}?tab=quality")
    letters = review.get_by_role("region", name="New answers")
    expect(letters).to_contain_text("It thanks her by name.")
    letters.get_by_role("button", name="Mark as read").click()
    expect(letters).to_have_count(0)


def test_a_reviewer_makes_gold_that_measures_the_others(visit: Visit) -> None:
    round = collecting_round(comparisons=2, k=2, members=2)
    nora, otto = members_of(round)
    submit_next(round, nora)
    Assignment.objects.update(order=[0, 1])
    Annotation.objects.update(ranking=[0, 1], gaps=[1])
    page = visit(researcher(), f"/rounds/{round.pk}/review")
    page.get_by_role("listitem").get_by_text("Prompt").first.click()
    page.get_by_role("button", name="Make it gold").click()
    page.get_by_label("1st", exact=True).select_option("B")
    page.get_by_label("Why (shown").fill("It names the van.")
    page.get_by_role("button", name="Keep as gold").click()
    expect(page.get_by_text("Gold:")).to_be_visible()
    gold = Gold.objects.get()
    assert (gold.ranking, gold.gaps, gold.annotation) == ([1, 0], [1], None)
    for _ in range(2):
        submit_next(round, otto, ranking=[1, 0], gaps=[3])
    page.goto(f"/campaigns/{round.campaign_id}?tab=quality")
    row = page.get_by_role("row").filter(has_text=nora.username)
    expect(row).to_contain_text("0 % (0 of 1)")
    update_campaign(campaign=round.campaign, task={"show_gold": True})
    Round.objects.update(state=RoundState.TRAINING_REWARD)
    own = visit(nora, f"/campaigns/{round.campaign_id}/me")
    expect(own.get_by_text("the same order in 0 of 1 pair (0 %)")).to_be_visible()
    own.get_by_text("Where the reviewers saw it otherwise").click()
    expect(own.get_by_text("It names the van.")).to_be_visible()
