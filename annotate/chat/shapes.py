"""A conversation as its annotator sees it. It is blind: texts by position, and nothing of who wrote them."""

from __future__ import annotations

from typing import Any

from annotate.campaigns.chat import Chat
from annotate.chat.conversations import best_of
from annotate.chat.models import Conversation, Turn, TurnState
from annotate.chat.progress import has_room
from annotate.ranking.leases import TaskItem, task_of
from annotate.ranking.models import Assignment, AssignmentState
from annotate.rounds.models import RoundState


def conversation_shape(conversation: Conversation) -> dict[str, Any]:
    """The whole conversation, and what its annotator is to do next."""
    campaign = conversation.round.campaign
    chat = Chat.parse(campaign.chat)
    turns = list(
        conversation.turns.select_related("comparison")
        .prefetch_related("comparison__completions")
        .order_by("number")
    )
    shapes = [turn_shape(turn, is_last=turn is turns[-1]) for turn in turns]
    return {
        "uid": conversation.uid,
        "campaign": campaign.pk,
        "round": conversation.round.number,
        "turns": shapes,
        "draft": conversation.draft,
        "ended": conversation.ended_at is not None,
        **_next(conversation, shapes, chat),
    }


def turn_shape(turn: Turn, *, is_last: bool) -> dict[str, Any]:
    """One turn; the last one carries its task while it is to be ranked."""
    assignment = _assignment(turn) if is_last else None
    is_ranked = assignment is not None and assignment.state == AssignmentState.SUBMITTED
    chosen = turn.chosen
    if chosen is None and is_ranked:
        chosen = best_of(turn)
    return {
        "number": turn.number,
        "attempt": turn.attempt,
        "text": turn.text,
        "state": _state(turn, assignment),
        "replies": [{"position": place, "text": text} for place, text in enumerate(_texts(turn))],
        "chosen": None if chosen is None else turn.order.index(chosen),
        "failure": turn.failure,
        "may_retry": turn.state == TurnState.FAILED and not turn.lasting,
        "task": _task(assignment) if is_last and not is_ranked else None,
    }


def _texts(turn: Turn) -> list[str]:
    """The replies as far as they are written, in the order in which they are shown."""
    if turn.comparison is None:
        by_index = dict(enumerate(turn.drafts))
    else:
        by_index = {each.index: each.text for each in turn.comparison.completions.all()}
    return [by_index.get(index, "") for index in turn.order]


def _state(turn: Turn, assignment: Assignment | None) -> str:
    if assignment is None:
        # One that was gone on with was ranked, whatever became of the ranking since.
        return turn.state if turn.chosen is None else "ranked"
    ended = {AssignmentState.SUBMITTED: "ranked", AssignmentState.SKIPPED: "skipped"}
    return ended.get(AssignmentState(assignment.state), "ready")


def _assignment(turn: Turn) -> Assignment | None:
    if turn.comparison_id is None:
        return None
    return Assignment.objects.filter(comparison=turn.comparison_id).first()


def _task(assignment: Assignment | None) -> TaskItem | None:
    is_open = assignment is not None and assignment.state != AssignmentState.SKIPPED
    return task_of(assignment.pk) if assignment is not None and is_open else None


def _next(conversation: Conversation, turns: list[dict[str, Any]], chat: Chat) -> dict[str, str]:
    """What the annotator is to do, and why they cannot write where they cannot."""
    last = turns[-1]["state"] if turns else "ranked"
    waits_for = {"waiting": "wait", "writing": "wait", "ready": "rank", "failed": "mend"}
    if conversation.ended_at is not None:
        return {"next": "over", "reason": "This conversation is finished."}
    if conversation.round.state != RoundState.COLLECTING:
        return {"next": "over", "reason": "This round no longer collects: what you ranked is kept."}
    if last in waits_for:
        return {"next": waits_for[last], "reason": ""}
    if last == "skipped":
        return {
            "next": "finish",
            "reason": "You skipped the last replies, so there is nothing to go on with.",
        }
    if len(turns) >= chat.turns:
        return {"next": "finish", "reason": f"A conversation here has at most {chat.turns} turns."}
    if not has_room(conversation.round):
        return {"next": "finish", "reason": "This round has the comparisons it wants."}
    return {"next": "write", "reason": ""}
