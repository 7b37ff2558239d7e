"""``manage.py import_prompts CAMPAIGN FILE``: the import of the prompts page, from a shell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rest_framework.exceptions import APIException

from annotate.campaigns.services import find_campaign
from annotate.errors import Invalid
from annotate.prompts.services import HELDOUT_SHARE, import_prompts


class Command(BaseCommand):
    """All of the file or nothing; every wrong line is named."""

    help = "Import a JSON-lines file of prompts into a campaign (by name or id)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign")
        parser.add_argument("file", type=Path)
        parser.add_argument("--heldout-share", type=float, default=HELDOUT_SHARE)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            campaign = find_campaign(options["campaign"])
            with options["file"].open("rb") as stream:
                result = import_prompts(
                    campaign=campaign, stream=stream, heldout_share=options["heldout_share"]
                )
        except OSError as problem:
            raise CommandError(f"{options['file']} cannot be read: {problem.strerror}.") from problem
        except Invalid as problem:
            lines = [f"line {place['line']}: {place['reason']}" for place in problem.problems]
            raise CommandError("\n".join([str(problem.detail), *lines])) from problem
        except APIException as problem:
            raise CommandError(str(problem.detail)) from problem
        self.stdout.write(
            f"{result.added} prompts added ({result.train} train, {result.heldout} held-out), "
            f"{result.duplicates} duplicates left out."
        )
