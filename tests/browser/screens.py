"""What the tests of the ranking page do and look at, as a person would say it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from django.db import connection
from playwright.sync_api import Page, expect

from annotate.accounts.models import User
from annotate.campaigns.services import update_campaign
from annotate.ranking.models import Annotation, Assignment, Completion
from annotate.rounds.models import Round
from tests.annotate.collecting import members_of
from tests.annotate.ranking.test_leases import lease

# Until what has happened is on the screen.
TWO_FRAMES = "() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))"


def annotator_of(round: Round) -> User:
    """The first member of the round's campaign."""
    return members_of(round)[0]


def ask(round: Round, **task: object) -> None:
    """Change what the ranking page of the round's campaign asks."""
    update_campaign(campaign=round.campaign, task=task)


def as_written(round: Round) -> Round:
    """Lease to the first annotator what they see first, A, B, C ... in the order in which it was written.

    For what is looked at rather than ranked: how tall a page is, and what breaks where, is no draw then.
    """
    lease(round, annotator_of(round), want=3)
    Assignment.objects.filter(comparison__round=round).update(order=list(range(round.recipe["k"])))
    return round


def rank_path(round: Round) -> str:
    """Where the round is ranked."""
    return f"/campaigns/{round.campaign_id}/rank"


def texts(page: Page) -> list[str]:
    """What the answers on the screen say, in the order A, B, C ..."""
    expect(page.locator("article").first).to_be_visible()
    return [text.strip() for text in page.get_by_role("group", name="Text of answer").all_inner_texts()]


def press(page: Page, keys: str) -> None:
    """Press single keys one after the other."""
    for key in keys:
        page.keyboard.press(key)


def wait_saved(page: Page) -> None:
    """Until the page says that all is saved."""
    expect(page.get_by_text("saved", exact=True)).to_be_visible()


def stored(round: Round) -> list[Annotation]:
    """The annotations of the round that stand, oldest first."""
    return list(
        Annotation.objects.filter(assignment__comparison__round=round, withdrawn_at=None).order_by("pk")
    )


def ranked_texts(annotation: Annotation) -> list[str]:
    """The texts of an annotation's completions, best first, as the database has them."""
    completions = Completion.objects.filter(comparison=annotation.assignment.comparison)
    by_index = {completion.index: completion.text for completion in completions}
    return [by_index[index] for index in annotation.ranking]


def in_order(shown: Sequence[str], letters: str) -> list[str]:
    """The texts shown under these letters."""
    return [shown["ABCDEFGHI".index(letter)] for letter in letters]


def elsewhere(act: Callable[..., object], *arguments: object, **named: object) -> None:
    """Do something on the server's side in a thread of its own, as a worker would.

    Playwright keeps an event loop in the test's thread, in which nothing can be published.
    """

    def run() -> None:
        try:
            act(*arguments, **named)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other_thread:
        other_thread.submit(run).result()
