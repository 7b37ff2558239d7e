"""The measuring process of the benchmark: fills the database, is the annotators, prints the tables."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from collections import Counter
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import django
import uvloop

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotate.settings")
django.setup()

from django.conf import settings  # noqa: E402 - after the set-up
from django.core.management import call_command  # noqa: E402 - after the set-up

from annotate.runtime.up import Options  # noqa: E402 - after the set-up
from tests.bench.server_checks import faults  # noqa: E402 - after the set-up
from tests.bench.server_data import OVERLAP, credentials, make_people, make_round  # noqa: E402 - after the set-up
from tests.bench.server_house import (  # noqa: E402 - after the set-up
    HOST,
    Machine,
    Processes,
    free_port,
    web_server,
)
from tests.bench.server_load import arrive, closed_loop, open_loop  # noqa: E402 - after the set-up
from tests.bench.server_next import cost_of_next  # noqa: E402 - after the set-up
from tests.bench.server_people import WANT, Tally  # noqa: E402 - after the set-up

KINDS = ("lease", "submit", "heartbeat")
WEB_PROCESSES = Options.web_processes


def main() -> int:
    """Measure, print the table and write the JSON; 1 when the queue did not hold."""
    arguments = _arguments()
    call_command("migrate", verbosity=0)
    people = make_people(arguments.people)
    rounds, sizes = [], []
    for comparisons in arguments.comparisons:
        began = time.perf_counter()
        round = make_round(people, comparisons, _overlap(arguments, comparisons))
        _say(f"{comparisons:,} comparisons of K = 4 made in {time.perf_counter() - began:.0f} s")
        sizes.append(cost_of_next(round, people, comparisons))
        rounds.append(round)
    _print_next(sizes)
    port = free_port()
    loads: list[dict[str, Any]] = []
    found: Counter[str] = Counter()
    with web_server(settings.DATA_DIR, port, arguments.web) as web:
        cookies = [credentials(person) for person in people]
        processes = Processes.beside(web.pid)
        _say(_HEAD)
        for comparisons, round in zip(arguments.comparisons, rounds, strict=True):
            named = _wanted(arguments, comparisons, is_last=round is rounds[-1])
            measured, accepted = uvloop.run(
                _loads(arguments, named, port, cookies, round.campaign_id, processes)
            )
            loads += measured
            found.update(faults(round_id=round.pk, accepted=accepted))
    _say("\n" + "\n".join(f"{count:>6} {name}" for name, count in found.items()))
    result = {"people": arguments.people, "web_processes": arguments.web, "cores": os.cpu_count()}
    result |= {"queue": sizes, "loads": loads, "faults": found}
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(result, indent=1))
    return int(any(found.values()))


def _overlap(arguments: argparse.Namespace, comparisons: int) -> int:
    """As a campaign has it, or as much as makes a short queue last for its load."""
    most = 2 * max(arguments.rates, default=100.0) * arguments.seconds + WANT * arguments.people
    return max(OVERLAP, min(arguments.people, math.ceil(most / comparisons)))


def _wanted(arguments: argparse.Namespace, comparisons: int, *, is_last: bool) -> list[tuple[str, float]]:
    """The loads of a queue by name and rate (0: as much as goes): all of the last, one of the others."""
    rates = arguments.rates if is_last else arguments.rates[:1]
    found = [(f"{comparisons:,}: {rate:.0f}/s", rate) for rate in rates]
    return [*found, (f"{comparisons:,}: saturation", 0.0)] if is_last else found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--comparisons", type=int, nargs="*", default=[1_000, 1_000_000])
    parser.add_argument("--web", type=int, default=WEB_PROCESSES, help="web processes (as `manage.py up`)")
    parser.add_argument("--rates", type=float, nargs="*", default=[300.0, 330.0], help="pairs a second")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each load")
    parser.add_argument("--output", type=Path, default=Path("build/bench/server.json"))
    return parser.parse_args()


async def _loads(
    arguments: argparse.Namespace,
    wanted: Sequence[tuple[str, float]],
    port: int,
    cookies: Sequence[str],
    campaign: int,
    processes: Processes,
) -> tuple[list[dict[str, Any]], list[UUID]]:
    """Everybody arrives, then each load. What happened, and what was accepted."""
    people = await arrive(HOST, port, cookies, campaign)
    await open_loop(people, min(arguments.rates, default=100.0) / 3, arguments.seconds / 6)  # to warm up
    loads = []
    for name, rate in wanted:
        load = open_loop(people, rate, arguments.seconds) if rate else closed_loop(people, arguments.seconds)
        loads.append(await _measured(name, load, processes))
    accepted = [uid for person in people for uid in person.accepted]
    for person in people:
        person.leave()
    return loads, accepted


async def _measured(
    name: str, load: Coroutine[Any, Any, tuple[Tally, float]], processes: Processes
) -> dict[str, Any]:
    before, machine = processes.seconds(), Machine.now()
    tally, seconds = await load
    used = {part: spent - before[part] for part, spent in processes.seconds().items()}
    now, pairs = Machine.now(), len(tally.submit)
    total = now.total - machine.total
    found: dict[str, Any] = {"load": name, "pairs_a_second": pairs / seconds}
    found |= {"cpu_ms_a_pair": {part: spent * 1e3 / pairs for part, spent in used.items()}}
    # What else ran on the machine, and what its host took: both are in the latencies.
    found |= {
        "others_share": max(0.0, now.busy - machine.busy - sum(used.values())) / total,
        "stolen_share": (now.stolen - machine.stolen) / total,
    }
    found |= {kind: _quantiles(getattr(tally, kind)) for kind in KINDS}
    _print_load(found)
    return found


def _quantiles(seconds: list[float]) -> dict[str, float]:
    """Milliseconds below which a share of the answers came; and the slowest."""
    ordered = sorted(seconds) or [0.0]
    at = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
    found = {
        name: ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1e3 for name, share in at.items()
    }
    return {"count": len(seconds), **found, "max": ordered[-1] * 1e3}


_HEAD = (
    f"\n{'':<22}{'pairs/s':>8}  {'lease ms: p50':>13}{'p95':>6}{'p99':>6}"
    f"{'submit ms: p50':>16}{'p95':>6}{'p99':>6}"
    f"{'CPU ms a pair: web':>20}{'postgres':>10}{'client':>8}{'all':>6}"
    f"{'others':>10}{'stolen':>10}"
)


def _print_load(found: dict[str, Any]) -> None:
    lease, submit, spent = found["lease"], found["submit"], found["cpu_ms_a_pair"]
    _say(
        f"{found['load']:<22}{found['pairs_a_second']:>8.1f}  "
        f"{lease['p50']:>13.0f}{lease['p95']:>6.0f}{lease['p99']:>6.0f}"
        f"{submit['p50']:>16.0f}{submit['p95']:>6.0f}{submit['p99']:>6.0f}"
        f"{spent['web']:>20.2f}{spent['postgres']:>10.2f}{spent['client']:>8.2f}{sum(spent.values()):>6.2f}"
        f"{found['others_share']:>10.1%}{found['stolen_share']:>10.1%}"
    )


def _print_next(sizes: list[dict[str, Any]]) -> None:
    _say(f"\n{'comparisons':>12}{'lease ms: start':>17}{'middle':>8}{'end':>6}{'next ms':>9}{'buffers':>9}")
    for size in sizes:
        lease = size["lease_ms"]
        _say(
            f"{size['comparisons']:>12,}{lease['start']:>17.2f}{lease['middle']:>8.2f}{lease['end']:>6.2f}"
            f"{size['next_ms']:>9.3f}{size['buffers']:>9}"
        )
    for size in sizes:
        _say(f"\nnext, in the middle of {size['comparisons']:,}:\n" + "\n".join(size["plan"]))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
