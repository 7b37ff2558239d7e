"""The two loads: everybody as fast as they can, and arrivals at a fixed rate whatever the server does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from random import Random

from tests.bench.server_people import HEARTBEAT_SECONDS, Annotator, Connection, Tally


async def arrive(host: str, port: int, credentials: Sequence[str], campaign: int) -> list[Annotator]:
    """Everybody opens the page: a connection each, and a first lease, a few at a time."""
    loop = asyncio.get_running_loop()
    people: list[Annotator] = []
    tally = Tally()
    for number, own in enumerate(credentials):
        _, connection = await loop.create_connection(Connection, host, port)
        people.append(Annotator(connection, f"{host}:{port}", own, campaign, number))
    gate = asyncio.Semaphore(8)

    async def begin(person: Annotator) -> None:
        async with gate:
            await person.lease(tally, time.perf_counter())

    await asyncio.gather(*(begin(person) for person in people))
    return people


async def closed_loop(people: Sequence[Annotator], seconds: float) -> tuple[Tally, float]:
    """Saturation: nobody thinks. Returns what happened and how many seconds it took."""
    tally = Tally()
    began = time.perf_counter()

    async def work(person: Annotator) -> None:
        while time.perf_counter() < began + seconds:
            await person.pair(tally, time.perf_counter())

    async with asyncio.TaskGroup() as group:
        for person in people:
            group.create_task(work(person))
        beats = group.create_task(_hearts(people, tally, began + seconds))
    await beats
    return tally, time.perf_counter() - began


async def open_loop(people: Sequence[Annotator], rate: float, seconds: float) -> tuple[Tally, float]:
    """``rate`` pairs a second arrive at random moments, each at somebody who is idle, as a Poisson process.

    A pair that has to wait, for a person or for the server, is late from the moment it was due: a slow
    server cannot lower the load that it is measured under.
    """
    tally, dice = Tally(), Random(1)
    idle: asyncio.Queue[Annotator] = asyncio.Queue()
    for person in people:
        idle.put_nowait(person)
    began = time.perf_counter()
    due = began

    async def work(person: Annotator, due: float) -> None:
        await person.pair(tally, due)
        idle.put_nowait(person)

    async with asyncio.TaskGroup() as group:
        group.create_task(_hearts(people, tally, began + seconds))
        while due < began + seconds:
            due += dice.expovariate(rate)
            while time.perf_counter() < due:
                await asyncio.sleep(max(0.0005, due - time.perf_counter()))
            group.create_task(work(await idle.get(), due))
    return tally, time.perf_counter() - began


async def _hearts(people: Sequence[Annotator], tally: Tally, until: float) -> None:
    """Each person's heartbeat once a minute, spread evenly."""
    while time.perf_counter() < until:
        for person in people:
            await asyncio.sleep(HEARTBEAT_SECONDS / len(people))
            if time.perf_counter() >= until:
                return
            await person.heartbeat(tally)
