"""The files that a stage reads beside its job, written from what the campaign holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from django.conf import settings

from annotate.campaigns.recipe import Recipe
from annotate.datasets.models import Snapshot
from annotate.datasets.rows import frozen_rows
from annotate.errors import Invalid
from annotate.prompts.models import Prompt, Split
from annotate.prompts.services import choose_prompts
from annotate.ranking.models import Completion
from annotate.rounds.models import Round
from training.contracts import CompletionRow, DialogueRow, Message, PromptRow, write_rows

CHUNK = 1000


def write_prompts(folder: Path, rows: Sequence[PromptRow]) -> str:
    """``prompts.jsonl`` in the folder; returns its path, as the others do."""
    path = folder / "prompts.jsonl"
    write_rows(path, rows)
    return str(path)


def prompts_to_sample(round: Round, recipe: Recipe, split: Split, count: int) -> list[PromptRow]:
    """``count`` rows; when there are fewer prompts they come again as ``ID.1``, ``ID.2`` with other seeds."""
    if count == 0:
        return []
    chosen = _chosen(round, recipe, split, count)
    turns = ((number // len(chosen), chosen[number % len(chosen)]) for number in range(count))
    return [
        PromptRow(f"{prompt.pk}.{again}" if again else str(prompt.pk), prompt.messages, prompt.safety)
        for again, prompt in turns
    ]


def prompts_to_learn_from(round: Round, recipe: Recipe) -> list[PromptRow]:
    """Train prompts for methods that let the policy answer anew, each once."""
    chosen = _chosen(round, recipe, Split.TRAIN, recipe.policy_prompts)
    return [PromptRow(str(prompt.pk), prompt.messages, prompt.safety) for prompt in chosen]


def heldout_prompts(round: Round) -> list[PromptRow]:
    """Every held-out prompt of the campaign."""
    heldout = Prompt.objects.filter(campaign=round.campaign_id, split=Split.HELDOUT).order_by("pk")
    return [PromptRow(str(prompt.pk), prompt.messages, prompt.safety) for prompt in heldout]


def rankings_so_far(round: Round) -> list[str]:
    """Everything that has been said in this campaign: a round alone is little to learn from."""
    so_far = Snapshot.objects.filter(round__campaign=round.campaign_id, round__number__lte=round.number)
    files = [
        str(settings.ARTIFACTS_DIR / snapshot.path) for snapshot in so_far.order_by("round__number", "pk")
    ]
    if not files:
        raise Invalid("There is no snapshot of rankings to train on.")
    return files


def write_completions(round: Round, folder: Path, *, so_far: bool) -> tuple[str, list[str]]:
    """Every reply to a train prompt of this round, or of all rounds ``so_far``, and those prompts: two files.

    Held-out prompts and their replies stay out: what measures a policy must not teach it.
    """
    replies = Completion.objects.select_related("comparison").filter(
        comparison__round__campaign=round.campaign_id,
        comparison__round__number__gte=1 if so_far else round.number,
        comparison__round__number__lte=round.number,
        comparison__prompt__split=Split.TRAIN,
    )
    answered = Prompt.objects.filter(pk__in=replies.values("comparison__prompt")).order_by("pk")
    if not answered:
        raise Invalid("There is no reply to a train prompt to choose the best from.")
    path = folder / "completions.jsonl"
    write_rows(path, _numbered(replies.order_by("comparison__prompt", "pk").iterator(chunk_size=CHUNK)))
    prompts = [PromptRow(str(prompt.pk), prompt.messages, prompt.safety) for prompt in answered]
    return write_prompts(folder, prompts), [str(path)]


def write_dialogues(round: Round, folder: Path) -> str:
    """What people made of replies that they edited, over all rounds so far."""
    path = folder / "dialogues.jsonl"
    if write_rows(path, _demonstrations(rankings_so_far(round))) == 0:
        raise Invalid("Nobody has edited a reply yet: sft learns from edits, so leave it out of the methods.")
    return str(path)


def _chosen(round: Round, recipe: Recipe, split: Split, count: int) -> list[Prompt]:
    chosen = choose_prompts(
        campaign=round.campaign, split=split, count=count, seed=recipe.seed, round_number=round.number
    )
    if not chosen:
        raise Invalid(f"The campaign has no {split} prompts: import some.")
    return chosen


def _numbered(replies: Iterator[Completion]) -> Iterator[CompletionRow]:
    """Rows of one prompt stand together and are numbered on over rounds."""
    prompt, index = None, 0
    for reply in replies:
        own = reply.comparison.prompt_id
        prompt, index = own, index + 1 if own == prompt else 0
        yield CompletionRow(
            prompt_id=str(own),
            index=index,
            text=reply.text,
            token_ids=reply.token_ids,
            logprobs=reply.logprobs,
            temperature=reply.temperature,
            top_p=reply.top_p,
            seed=reply.seed,
            finish="stop" if reply.finish == "stop" else "length",
        )


def _demonstrations(files: Sequence[str]) -> Iterator[DialogueRow]:
    for file in files:
        for row in frozen_rows(Path(file)):
            for completion in row.completions:
                if completion.edit is not None:
                    reply = Message(role="assistant", content=completion.edit)
                    yield DialogueRow([*row.messages, reply], row.fold, row.weight)
