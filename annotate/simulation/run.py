"""A campaign from its creation to the last promotion, through the public API alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from annotate.simulation.annotators import Annotator, hired, rank_round
from annotate.simulation.client import Client
from annotate.simulation.judge import JUDGES
from annotate.simulation.report import GOLD_EXPLAINED, RoundReport, round_report

LOOK_SECONDS = 1.0
SAY_SECONDS = 15.0
SEEDS_APART = 1000


class SimulationFailed(RuntimeError):
    """A round failed or was taken out of our hands; the message is its reason."""


@dataclass(frozen=True)
class Plan:
    """What to simulate; goes into the report as it is."""

    annotators: int = 6
    rounds: int = 3
    comparisons: int = 150
    k: int = 4
    overlap: int = 1
    method: list[str] = field(default_factory=lambda: ["dpo"])
    judge: str = "gold"
    model: str = "starter"
    seed: int = 0
    recipe: dict[str, Any] = field(default_factory=dict)


def simulate(
    *, plan: Plan, url: str, token: str, prompts: Path, say: Callable[[str], None]
) -> dict[str, Any]:
    """Run the plan on a server; returns the report.

    Raises :class:`SimulationFailed` when a round does, and whatever the client raises.
    """
    started = time.monotonic()
    judges = [JUDGES[plan.judge](f"{plan.seed}:{number}") for number in range(plan.annotators)]
    with closing(Client(url, token)) as admin:
        campaign = _create_campaign(admin, plan, prompts)
        say(f"Campaign {campaign['name']}: {campaign['prompts']} prompts.")
        with hired(admin, url, campaign["id"], judges) as annotators:
            rounds = [_play_round(admin, campaign["id"], annotators, plan, say) for _ in range(plan.rounds)]
    return {
        "plan": asdict(plan),
        "recipe": campaign["recipe"],
        "gold": GOLD_EXPLAINED,
        "rounds": [asdict(round) for round in rounds],
        "final_gold_win_rate": rounds[-1].gold_win_rate_vs_start,
        "final_gold_win_rate_ci": rounds[-1].gold_win_rate_ci,
        "seconds": time.monotonic() - started,
    }


def _create_campaign(admin: Client, plan: Plan, prompts: Path) -> dict[str, Any]:
    recipe = {
        "k": plan.k,
        "comparisons": plan.comparisons,
        "overlap": plan.overlap,
        "method": plan.method,
        # A round's stages are seeded with the recipe's seed plus the round's number.
        "seed": plan.seed * SEEDS_APART,
        **plan.recipe,
    }
    name = f"Simulation {datetime.now(UTC):%Y-%m-%d %H:%M:%S}, judge {plan.judge}, seed {plan.seed}"
    campaign = admin.post("/campaigns", {"name": name, "model": plan.model, "recipe": recipe})
    admin.upload(f"/campaigns/{campaign['id']}/prompts/import", prompts.name, prompts.read_bytes())
    return dict(admin.get(f"/campaigns/{campaign['id']}"))


def _play_round(
    admin: Client, campaign_id: int, annotators: list[Annotator], plan: Plan, say: Callable[[str], None]
) -> RoundReport:
    round = admin.post(f"/campaigns/{campaign_id}/rounds")
    title = f"Round {round['number']} of {plan.rounds}"
    _wait(admin, round["id"], "collecting", title, say)
    say(f"{title}: {plan.annotators} annotators rank {plan.comparisons} comparisons.")
    rankings = rank_round(annotators, campaign_id)
    say(f"{title}: {rankings} rankings submitted.")
    _wait(admin, round["id"], "deciding", title, say)
    evaluation = admin.get(f"/rounds/{round['id']}/evaluation")
    closed = admin.post(f"/rounds/{round['id']}/promote", {"reason": "a simulation promotes always"})
    report = round_report(closed, evaluation, seed=plan.seed)
    say(
        f"{title}: gold {report.gold_mean:.2f} (starter {report.gold_mean_of_starter:.2f}), "
        f"wins {report.gold_win_rate_vs_start:.0%}, reward accuracy {report.reward_accuracy or 0:.0%}, "
        f"KL {report.kl_to_start:.2f}, {report.seconds['total']:.0f} s."
    )
    return report


def _wait(admin: Client, round_id: int, state: str, title: str, say: Callable[[str], None]) -> None:
    """Return when the round has reached ``state``; says every move, and how far a stage is."""
    seen, said = "", time.monotonic()
    while True:
        round = admin.get(f"/rounds/{round_id}")
        if round["state"] != seen:
            seen, said = round["state"], time.monotonic()
            say(f"{title}: {seen.replace('_', ' ')}")
        if seen == state:
            return
        if seen in ("failed", "cancelled", "closed"):
            raise SimulationFailed(f"{title} is {seen}: {round['failure'] or 'somebody else moved it'}")
        if time.monotonic() - said > SAY_SECONDS and (progress := _progress(round)):
            said = time.monotonic()
            say(f"{title}: {seen.replace('_', ' ')}, {progress}")
        time.sleep(LOOK_SECONDS)


def _progress(round: dict[str, Any]) -> str:
    running: dict[str, Any] = next(
        (run["progress"] for run in round["runs"] if run["state"] == "running"), {}
    )
    if not running or not running.get("total"):
        return ""
    return f"{running.get('unit', 'step')} {running['step']} of {running['total']}"
