"""Login throttling: failures count, successes do not, so that a shared address is not locked out."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView


class FailedLoginThrottle(SimpleRateThrottle):
    """Refuses a client address that failed too often in the window of the ``login`` rate."""

    scope = "login"
    duration: int

    def get_cache_key(self, request: Request, view: APIView) -> str:
        # Not X-Forwarded-For: a client writes that header itself.
        return self.cache_format % {"scope": self.scope, "ident": request.META.get("REMOTE_ADDR", "")}

    def throttle_success(self) -> bool:
        """Let the request through without counting it; :meth:`count_failure` counts."""
        return True

    def count_failure(self, request: Request, view: APIView) -> None:
        """Remember one failed attempt."""
        key = self.get_cache_key(request, view)
        history = [self.timer(), *self.cache.get(key, [])]
        self.cache.set(key, history, self.duration)
