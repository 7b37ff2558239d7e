"""What happens while replies are written, whoever writes them."""

from __future__ import annotations

from dataclasses import dataclass

from annotate.chat.writing import Written


@dataclass(frozen=True)
class Piece:
    """From character ``at`` on, reply ``index`` reads ``text``."""

    index: int
    at: int
    text: str


@dataclass(frozen=True)
class Whole:
    """Reply ``index`` is written."""

    index: int
    reply: Written


@dataclass(frozen=True)
class Fits:
    """The model that the round trains can learn from replies that others wrote."""


@dataclass(frozen=True)
class Trouble:
    """There will be no reply. ``sentence`` is for the annotator and names no model, ``detail`` for the log.

    ``lasting``: asking again is of no use. ``lost``: whatever wrote it is gone, and another try may go well.
    """

    sentence: str
    detail: str = ""
    lasting: bool = False
    lost: bool = False


Event = Piece | Whole | Fits | Trouble
