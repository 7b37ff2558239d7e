"""A flag that stops a stage after so many looks at it; as a program, a stage that is stopped after three."""

from __future__ import annotations

import sys

from training.__main__ import main
from training.process import StopFlag


class StopAfter(StopFlag):
    """Asks to stop once the stage has looked at the flag so many times."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.left = steps

    @property
    def requested(self) -> bool:
        return self.left <= 0

    @requested.setter
    def requested(self, value: bool) -> None:
        pass

    def check(self) -> None:
        self.left -= 1
        super().check()


if __name__ == "__main__":
    sys.exit(main(stop=StopAfter(3)))
