"""Rounds of any size and their people, written by SQL in seconds."""

from __future__ import annotations

import hashlib
from importlib import import_module
from itertools import count

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection, transaction
from django.utils.crypto import get_random_string

from annotate.accounts.models import User
from annotate.campaigns.models import Campaign, Membership
from annotate.campaigns.recipe import Recipe
from annotate.campaigns.services import create_campaign
from annotate.prompts.models import Prompt
from annotate.rounds.models import Checkpoint, CheckpointKind, Round, RoundState

K = 4
OVERLAP = 3
PROMPTS = 200
_names = count(1)

_COMPARISONS = """
    INSERT INTO ranking_comparison (uid, round_id, prompt_id, position, overlap, taken, submitted, skips)
    SELECT uuidv7(), %(round)s, (%(prompts)s::bigint[])[1 + n %% %(prompt_count)s], n, %(overlap)s, 0, 0, 0
    FROM generate_series(0, %(size)s - 1) n
"""
# Some 200 characters each; no tokens, which no annotator sees.
_COMPLETIONS = """
    INSERT INTO ranking_completion (uid, comparison_id, index, checkpoint_id, text, token_ids, logprobs,
                                    temperature, top_p, seed, finish, created_at)
    SELECT uuidv7(), c.id, k, %(checkpoint)s,
           format('Dear Ada, reply %%s to %%s: %%s', k, c.position, repeat('thank you for the "notes". ', 6)),
           '{}', '{}', 1.0, 1.0, 7, 'stop', now()
    FROM ranking_comparison c, generate_series(0, %(k)s - 1) k WHERE c.round_id = %(round)s
"""


def make_people(number: int) -> list[User]:
    """Annotators without a password."""
    return User.objects.bulk_create(
        User(username=f"bench-{next(_names)}", role="annotator", password="!") for _ in range(number)
    )


def make_round(people: list[User], comparisons: int, overlap: int = OVERLAP) -> Round:
    """A round that collects, with ``comparisons`` of K = 4 in its queue and these members."""
    campaign = create_campaign(creator=None, name=f"Benchmark {next(_names)}")
    Membership.objects.bulk_create(Membership(campaign=campaign, user=person) for person in people)
    prompts = Prompt.objects.bulk_create(_prompt(campaign, number) for number in range(PROMPTS))
    start = Checkpoint.objects.create(
        campaign=campaign, kind=CheckpointKind.POLICY, name="starter", path="starter", digest="d" * 64
    )
    recipe = Recipe.parse({"k": K, "overlap": overlap}).as_dict()
    round = Round.objects.create(
        campaign=campaign, number=1, state=RoundState.COLLECTING, recipe=recipe, start_policy=start
    )
    wanted: dict[str, int | list[int]] = {"round": round.pk, "size": comparisons, "checkpoint": start.pk}
    wanted |= {
        "overlap": overlap,
        "k": K,
        "prompts": [prompt.pk for prompt in prompts],
        "prompt_count": PROMPTS,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        # What is written here refers to what is there; millions of rows need not be asked one by one.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(_COMPARISONS, wanted)
        cursor.execute(_COMPLETIONS, wanted)
    with connection.cursor() as cursor:
        for table in ("ranking_comparison", "ranking_completion"):
            cursor.execute(f"VACUUM ANALYZE {table}")
        # Gigabytes written at once are no part of ranking: without this the load shares the disk with them.
        cursor.execute("CHECKPOINT")
    return round


def credentials(person: User) -> str:
    """The header lines of a browser in which this person has logged in."""
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY] = str(person.pk)
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = person.get_session_auth_hash()
    store.create()
    csrf = get_random_string(32)
    return f"X-CSRFToken: {csrf}\r\nCookie: csrftoken={csrf}; sessionid={store.session_key}\r\n"


def _prompt(campaign: Campaign, number: int) -> Prompt:
    text = f"Please write number {number} of a series of thank-you notes to Ada, who lent me her books."
    return Prompt(
        campaign=campaign,
        messages=[{"role": "user", "content": text}],
        digest=hashlib.sha256(text.encode()).hexdigest(),
        split="train",
    )
