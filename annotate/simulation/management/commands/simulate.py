"""``manage.py simulate``: dry-run a campaign with annotators that are programs."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotate.simulation.client import ApiError, ServerAway
from annotate.simulation.judge import JUDGES
from annotate.simulation.run import Plan, SimulationFailed, simulate
from annotate.simulation.server import Access, ServerFailed, own_server
from training.contracts import write_json


class Command(BaseCommand):
    """Works through the public API, on a running server (``--url``, ``--token``) or one of its own."""

    help = "Simulate a campaign: programs rank, the loop trains, a report says what it was worth."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        plan = Plan()
        parser.add_argument("--annotators", type=int, default=plan.annotators)
        parser.add_argument("--rounds", type=int, default=plan.rounds)
        parser.add_argument("--comparisons", type=int, default=plan.comparisons, help="a round")
        parser.add_argument("--k", type=int, default=plan.k, help="completions of a comparison")
        parser.add_argument("--overlap", type=int, default=plan.overlap, help="rankings of a comparison")
        parser.add_argument(
            "--method", nargs="+", default=plan.method, help="one or more, in order: rejection_sampling dpo"
        )
        parser.add_argument("--judge", choices=list(JUDGES), default=plan.judge)
        parser.add_argument(
            "--model", default=plan.model, help="the first policy: starter, a folder or an id"
        )
        parser.add_argument("--seed", type=int, default=plan.seed)
        parser.add_argument("--recipe", type=_json_object, default={}, help="more of the recipe, as JSON")
        parser.add_argument("--report", type=Path, help="where to write the report (JSON)")
        parser.add_argument("--prompts", type=Path, default=settings.STARTER_PROMPTS)
        parser.add_argument("--url", help="a running server; without it the command starts its own")
        parser.add_argument("--token", default=os.environ.get("PLUMBLINE_TOKEN"), help="an admin's API token")

    def handle(self, *args: Any, **options: Any) -> None:
        plan = Plan(**{name: options[name] for name in Plan.__dataclass_fields__})
        self._check(plan, options)
        # Leave through the `finally` that stops the server, rather than at once.
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
        try:
            with self._server(options) as access:
                report = simulate(
                    plan=plan, url=access.url, token=access.token, prompts=options["prompts"], say=self._say
                )
        except (ApiError, ServerAway, ServerFailed, SimulationFailed, OSError) as problem:
            raise CommandError(str(problem)) from problem
        if options["report"]:
            write_json(options["report"], report)
            self._say(f"The report is in {options['report']}.")
        self._say(
            f"The last champion wins {report['final_gold_win_rate']:.0%} of the held-out prompts against "
            f"the starter model by the gold score; {report['seconds']:.0f} s in all."
        )

    def _check(self, plan: Plan, options: dict[str, Any]) -> None:
        if min(plan.annotators, plan.rounds, plan.comparisons) < 1:
            raise CommandError("--annotators, --rounds and --comparisons must be at least 1.")
        if plan.overlap > plan.annotators:
            raise CommandError("--overlap must not exceed --annotators: a person ranks a comparison once.")
        if options["url"] and not options["token"]:
            raise CommandError("--url needs an admin's --token (or PLUMBLINE_TOKEN).")
        if not options["prompts"].is_file():
            raise CommandError(f"There is no prompt file {options['prompts']}.")
        report: Path | None = options["report"]
        if report and not report.absolute().parent.is_dir():
            raise CommandError(f"There is no folder {report.absolute().parent} for the report.")
        if report and report.exists() and not report.is_file():
            # It would be put in the place of /dev/stdout and the like.
            raise CommandError(f"--report names a file, new or to be replaced; {report} is something else.")

    @contextmanager
    def _server(self, options: dict[str, Any]) -> Iterator[Access]:
        if options["url"]:
            yield Access(options["url"], options["token"])
        else:
            with own_server(self._say) as access:
                yield access

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _json_object(text: str) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError
    return value
