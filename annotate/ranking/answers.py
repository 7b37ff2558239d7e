"""What an annotator says of a comparison, and what their campaign accepts of it.

To the annotator completions have positions, to everybody else an index: :func:`by_index` and
:func:`by_position` translate what was said of each one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from annotate.campaigns.attributes import answer_fault
from annotate.campaigns.task import Task
from annotate.errors import Invalid
from training.contracts import MAX_MARGIN

UP_OVER_DOWN = 1


@dataclass(frozen=True)
class Judgement:
    """What was said of one completion; all of it optional, and only what the campaign asks."""

    position: int
    safe: bool | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    thumb: Literal["up", "down"] | None = None
    flags: list[dict[str, str]] = field(default_factory=list)
    edit: str | None = None


@dataclass(frozen=True)
class Answer:
    """What an annotator says, in terms of the positions that they saw."""

    ranking: list[int]
    gaps: list[int | None]
    all_bad: bool = False
    rationale: str = ""
    active_seconds: float = 0.0
    completions: list[Judgement] = field(default_factory=list)


def accepted(answer: Answer, k: int, task: Task) -> Answer:
    """The answer to a comparison of K completions as it is kept, if the campaign's task allows it.

    Where thumbs stand instead of a ranking, the ranking follows from them: up before down, one level of
    margin between. Raises :class:`Invalid` with one sentence.
    """
    said = _judgements(answer, k)
    for judgement in said:
        _check_judgement(judgement, task)
    if task.thumbs == "instead":
        answer = _ranked_by_thumbs(answer, said)
    check_ranking(answer.ranking, answer.gaps, k)
    _check_words(answer, task)
    is_blank = all(judgement == Judgement(judgement.position) for judgement in said)
    return replace(answer, completions=[] if is_blank else said)


def without_idle_edits(answer: Answer, texts: Sequence[str]) -> Answer:
    """The same answer less the edits that change nothing; ``texts`` are as shown, by position."""
    kept = [
        replace(judgement, edit=None) if judgement.edit == texts[judgement.position] else judgement
        for judgement in answer.completions
    ]
    return replace(answer, completions=kept)


def by_index(completions: Sequence[Judgement], order: Sequence[int]) -> list[dict[str, Any]]:
    """One object a completion, by index, as the database keeps them; none when nothing was said."""
    said = {order[judgement.position]: asdict(judgement) for judgement in completions}
    return [{key: said[index][key] for key in said[index] if key != "position"} for index in sorted(said)]


def by_position(judgements: Sequence[Mapping[str, Any]], order: Sequence[int]) -> list[Judgement]:
    """The opposite of :func:`by_index`."""
    if not judgements:
        return []
    return [Judgement(position=position, **judgements[index]) for position, index in enumerate(order)]


def _judgements(answer: Answer, k: int) -> list[Judgement]:
    """One judgement for each position; blank where nothing was said."""
    said = {judgement.position: judgement for judgement in answer.completions}
    if len(said) < len(answer.completions) or not said.keys() <= set(range(k)):
        raise Invalid(f"completions must name each of the positions 0 to {k - 1} at most once.")
    return [said.get(position, Judgement(position)) for position in range(k)]


def check_ranking(ranking: Sequence[int], gaps: Sequence[int | None], k: int) -> None:
    """Raises :class:`Invalid` unless it orders K completions and has a level or a tie for each gap."""
    if sorted(ranking) != list(range(k)):
        raise Invalid(f"ranking must name each of the positions 0 to {k - 1} once.")
    if len(gaps) != k - 1:
        raise Invalid(f"gaps must have {k - 1} entries, one between each two neighbours.")
    if any(gap is not None and not 0 <= gap <= MAX_MARGIN for gap in gaps):
        raise Invalid(f"Each gap must be a whole number from 0 to {MAX_MARGIN}, or null for equal.")


def _check_words(answer: Answer, task: Task) -> None:
    if answer.all_bad and not task.all_bad:
        raise Invalid("all_bad is switched off in this campaign.")
    if task.rationale == "required" and not answer.rationale.strip():
        raise Invalid("This campaign asks for a rationale.")
    if task.rationale == "off" and answer.rationale:
        raise Invalid("A rationale is switched off in this campaign.")


def _check_judgement(said: Judgement, task: Task) -> None:
    where = f"completions[{said.position}]"
    off = {
        "safe": task.safety == "off" and said.safe is not None,
        "thumb": task.thumbs == "off" and said.thumb is not None,
        "flags": not task.flag and said.flags,
        "edit": not task.edit and said.edit is not None,
    }
    for name, sent in off.items():
        if sent:
            raise Invalid(f"{where}.{name} is switched off in this campaign.")
    if task.safety == "required" and said.safe is None:
        raise Invalid(f"{where}.safe must say true or false: this campaign asks it of every completion.")
    if task.thumbs == "instead" and said.thumb is None:
        raise Invalid(f"{where}.thumb must be up or down: this campaign asks it of every completion.")
    _check_attributes(said, task, where)
    _check_flags(said, task, where)


def _check_attributes(said: Judgement, task: Task, where: str) -> None:
    asked = {attribute["name"]: attribute for attribute in task.attributes}
    for name, value in said.attributes.items():
        if name not in asked:
            raise Invalid(f"{where}.attributes names {name[:40]!r}, which this campaign does not ask.")
        if fault := answer_fault(asked[name], value):
            raise Invalid(f"{where}.attributes.{name} must be {fault}.")
    missing = [name for name in asked if asked[name]["required"] and name not in said.attributes]
    if missing:
        raise Invalid(f"{where}.attributes must have {missing[0]}: this campaign requires it.")


def _check_flags(said: Judgement, task: Task, where: str) -> None:
    reasons = [each["reason"] for each in said.flags]
    if len(set(reasons)) < len(reasons):
        raise Invalid(f"{where}.flags must give each reason at most once.")
    if not set(reasons) <= set(task.flag_reasons):
        raise Invalid(f"{where}.flags: a reason must be one of {', '.join(task.flag_reasons)}.")


def _ranked_by_thumbs(answer: Answer, said: Sequence[Judgement]) -> Answer:
    if answer.ranking or answer.gaps:
        raise Invalid("This campaign asks for thumbs instead of a ranking: leave ranking and gaps empty.")
    ups = [judgement.position for judgement in said if judgement.thumb == "up"]
    downs = [judgement.position for judgement in said if judgement.thumb == "down"]
    gaps: list[int | None] = [None] * (len(said) - 1)
    if ups and downs:
        # Nobody was asked how much better: the least that still says "better".
        gaps[len(ups) - 1] = UP_OVER_DOWN
    return replace(answer, ranking=ups + downs, gaps=gaps)
