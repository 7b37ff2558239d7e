"""The text of a reply while its tokens come one by one."""

from __future__ import annotations

from training.data import Encoder

UNFINISHED = "\ufffd"
"""What a tokenizer shows for the first bytes of a character whose last ones are still to come."""


class Speech:
    """``text`` is what can be shown of the tokens so far.

    It only grows: an unfinished character and blanks at the end, which the whole reply would lose, are held
    back. A token is decoded together with the ones just before it, so that the cost of one does not grow with
    the reply (the windows of vLLM's incremental detokenizer).
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._ids: list[int] = []
        self._window = self._told = 0
        self._words = ""

    @property
    def text(self) -> str:
        """What can be shown."""
        return self._words.strip()

    def add(self, token: int) -> str:
        """Hear one more token; returns :attr:`text`."""
        self._ids.append(token)
        before = self._decode(self._window, self._told)
        now = self._decode(self._window, len(self._ids))
        if len(now) > len(before) and not now.endswith(UNFINISHED):
            self._words += now[len(before) :]
            self._window, self._told = self._told, len(self._ids)
        return self.text

    def _decode(self, start: int, end: int) -> str:
        return str(self._encoder.tokenizer.decode(self._ids[start:end], skip_special_tokens=True))
