"""``manage.py up``: run all of Plumbline."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from annotate.runtime.errors import RuntimeProblem
from annotate.runtime.up import House, Options


class Command(BaseCommand):
    help = (
        "Run Plumbline: PostgreSQL and Redis (unless DATABASE_URL and REDIS_URL name others), "
        "the web server, the workers and the clock. Ctrl-C stops all of them."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on (8000)")
        parser.add_argument("--data", help="folder of everything that is kept (./data)")
        parser.add_argument("--demo", action="store_true", help="make the demo campaign and launch its round")
        parser.add_argument("--workers", type=int, default=1, help="web processes (1)")
        parser.add_argument("--stages", type=int, default=1, help="stages that may run at a time (1)")

    def handle(self, *args: Any, **options: Any) -> None:
        house = House(
            Options(
                # `--data` was put into the environment before the settings were read: see manage.py.
                data=settings.DATA_DIR,
                host=options["host"],
                port=options["port"],
                demo=options["demo"],
                web_processes=options["workers"],
                stage_slots=options["stages"],
                database_url=os.environ.get("DATABASE_URL", ""),
                redis_url=os.environ.get("REDIS_URL", ""),
            ),
            say=lambda text: self.stdout.write(text),
        )
        try:
            house.run()
        except RuntimeProblem as problem:
            raise CommandError(str(problem)) from problem
