"""``manage.py export CAMPAIGN --format trl --out FILE [--round N]``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rest_framework.exceptions import APIException

from annotate.campaigns.services import find_campaign
from annotate.datasets.exports import FORMATS, Export
from annotate.datasets.files import write_lines
from training.contracts import write_json


class Command(BaseCommand):
    """Writes FILE and FILE.manifest.json; each appears whole or not at all."""

    help = "Export what people said in a campaign (by name or id)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign")
        parser.add_argument("--format", choices=list(FORMATS), default="trl")
        parser.add_argument("--out", type=Path, required=True)
        parser.add_argument("--round", type=int, help="one round only; otherwise all of them")

    def handle(self, *args: Any, **options: Any) -> None:
        out: Path = options["out"]
        if out.exists() and not out.is_file():
            # It would be put in the place of /dev/stdout and the like.
            raise CommandError(f"--out names a file, new or to be replaced; {out} is something else.")
        try:
            export = Export(
                find_campaign(options["campaign"]), format=options["format"], round_number=options["round"]
            )
            write_lines(export.lines(), folder=out.parent, name=lambda digest: out.name)
            manifest = export.manifest()
            write_json(out.with_name(f"{out.name}.manifest.json"), manifest)
        except APIException as problem:
            raise CommandError(str(problem.detail)) from problem
        except OSError as problem:
            raise CommandError(f"The export cannot be written or read: {problem}.") from problem
        self.stdout.write(
            f"{manifest['rows']} rows of {manifest['rankings']} rankings in {out} "
            f"(sha256 {manifest['sha256'][:12]})."
        )
