"""Login throttling: failures count, successes do not, so that a shared address is not locked out.

The failures stand in the database, where every web process sees them.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from annotate.accounts.models import FailedLogin


class FailedLoginThrottle(SimpleRateThrottle):
    """Refuses a client address that failed too often in the window of the ``login`` rate."""

    scope = "login"
    num_requests: int
    duration: int

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Whether this address may try; :meth:`count_failure` counts."""
        recent = FailedLogin.objects.filter(address=_address(request), at__gt=timezone.now() - self._window)
        # The newest as many as are allowed: once the oldest of them is out of the window, one may try again.
        self._counted = list(recent.order_by("-at").values_list("at", flat=True)[: self.num_requests])
        return len(self._counted) < self.num_requests

    def wait(self) -> float:
        """Seconds until this address may try again."""
        return max(1.0, (self._counted[-1] + self._window - timezone.now()).total_seconds())

    def count_failure(self, request: Request) -> None:
        """Remember one failed attempt, and forget those of everybody that no longer count."""
        FailedLogin.objects.filter(at__lte=timezone.now() - self._window).delete()
        FailedLogin.objects.create(address=_address(request))

    @property
    def _window(self) -> timedelta:
        return timedelta(seconds=self.duration)


def _address(request: Request) -> str:
    # Not X-Forwarded-For: a client writes that header itself.
    return str(request.META.get("REMOTE_ADDR", ""))[:64]
