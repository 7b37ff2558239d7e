"""``manage.py chat``: have what annotators write in chats answered."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from annotate.chat.driver import Driver


class Command(BaseCommand):
    help = "Answer what annotators write in chat campaigns, until told to stop (SIGTERM)."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopping.set())
        Driver(stopping).run()
