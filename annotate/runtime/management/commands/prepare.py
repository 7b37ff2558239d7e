"""``manage.py prepare``: migrate, and make the first people and the demo campaign."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from annotate.runtime.demo import ensure_demo
from annotate.runtime.people import ensure_people


class Command(BaseCommand):
    help = "Migrate, make a first admin, and with --demo a campaign to try. Prints the logins as JSON."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true", help="make the demo campaign and launch its round")

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
        logins = ensure_people(annotator=options["demo"])
        if options["demo"]:
            ensure_demo(usernames=[login["username"] for login in logins])
        self.stdout.write(json.dumps(logins))
