"""How fast one person may have replies written: each one costs a model's time."""

from __future__ import annotations

from rest_framework.throttling import UserRateThrottle


class TurnThrottle(UserRateThrottle):
    """So many messages in the window of the ``chat`` rate."""

    scope = "chat"
