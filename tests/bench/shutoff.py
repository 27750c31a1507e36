"""From the command on MQTT to the open contact: gasguard, today's script and the floor."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from tests.bench.broker import broker
from tests.bench.client import Bus, bus
from tests.bench.errors import BenchError
from tests.bench.figures import Figures
from tests.bench.lane import GasguardLane, Lane, Run
from tests.bench.park import Park, relays
from tests.bench.process import gasguard_run, python, running
from tests.bench.site import Group, write_config

GASGUARD, SCRIPT, FLOOR = "gasguard", "script", "floor"
RELAYS = 30
NEXT_AFTER = 0.15
"""Seconds a run may keep the next one waiting; then it goes on in the background."""
_UP_WITHIN = 60.0
_IDLE_WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to run."""

    losses: tuple[float, ...]
    runs: int
    """Of each contender at each loss."""
    give_up: float
    """Seconds after the last command within which every contact should be open."""


async def measure(folder: Path, plan: Plan) -> dict[str, Any]:
    """`{loss in %: {contender: figures}}`; for gasguard also until its confirmation was heard."""
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(broker(folder))
        connections = await stack.enter_async_context(bus(port))
        groups = [
            Group(name, number, RELAYS) for number, name in enumerate((GASGUARD, SCRIPT, FLOOR), 1)
        ]
        park = await stack.enter_async_context(relays(folder, *groups))
        race = Race(_lanes(groups, connections, park))
        for lane in race.lanes:
            await lane.listen()
        commands = (
            gasguard_run(write_config(folder, groups[0], port)),
            *(python(f"tests.bench.{g.name}", str(port), g.to_argument()) for g in groups[1:]),
        )
        for group, command in zip(groups, commands, strict=True):
            await stack.enter_async_context(running(folder, group.name, *command))
        await race.until(race.idle, _UP_WITHIN, "not every relay became ready")
        # One command to each relay that does not count: hellos said, code warm.
        await race.run(RELAYS, plan.give_up)
        results = {}
        for loss in plan.losses:
            await race.until(race.idle, _IDLE_WITHIN, "not every relay became free again")
            park.lose(loss)
            await race.run(plan.runs, plan.give_up)
            results[f"{loss:.0%}"] = race.results()
            park.lose(0.0)
        return results


def _lanes(groups: list[Group], connections: Bus, park: Park) -> list[Lane]:
    kinds: tuple[Callable[[Group, Bus, Park], Lane], ...] = (GasguardLane, Lane, Lane)
    return [kind(group, connections, park) for kind, group in zip(kinds, groups, strict=True)]


class Race:
    """The contenders by turns: noise of the machine hits all alike."""

    def __init__(self, lanes: list[Lane]) -> None:
        self.lanes = lanes
        self._random = Random(1)
        self._changed = asyncio.Event()
        for lane in lanes:
            lane.changed = self._changed.set

    def idle(self) -> bool:
        """Whether every relay of every contender is free."""
        return all(lane.idle for lane in self.lanes)

    async def run(self, runs: int, give_up: float) -> None:
        """Command each contender `runs` times, one command at a time, in a new order each round.

        A run that takes longer than NEXT_AFTER goes on beside the others: a script that waits for
        its timeout uses no processor. At the end all have `give_up` seconds more.
        """
        for lane in self.lanes:
            lane.runs = []
        while behind := [lane for lane in self.lanes if len(lane.runs) < runs]:
            ready = [lane for lane in behind if lane.free]
            self._random.shuffle(ready)
            for lane in ready:
                await _within(lane.start().over.wait, NEXT_AFTER)
            if not ready:
                await self.until(partial(_any_free, behind), give_up)
        await self.until(self._all_over, give_up)

    def results(self) -> dict[str, Any]:
        """What the last `run` gave."""
        found: dict[str, Any] = {}
        for lane in self.lanes:
            found[lane.group.name] = _figures(lane.runs)
            if isinstance(lane, GasguardLane):
                said = [run.confirmed - run.began for run in lane.runs if run.confirmed]
                found["gasguard, confirmed"] = Figures.of(said).data() if said else None
        return found

    async def until(
        self, condition: Callable[[], bool], within: float, complaint: str = ""
    ) -> None:
        """Wait for `condition`. Raises BenchError with `complaint`; without one, goes on."""

        async def wait() -> None:
            while not condition():
                self._changed.clear()
                await self._changed.wait()

        if not await _within(wait, within) and complaint:
            states = ", ".join(
                f"{lane.group.name} {len(lane.free)}/{lane.group.count}" for lane in self.lanes
            )
            raise BenchError(f"{complaint} within {within:.0f} s (free: {states})")

    def _all_over(self) -> bool:
        return all(run.over.is_set() for lane in self.lanes for run in lane.runs)


def _any_free(lanes: list[Lane]) -> bool:
    return any(lane.free for lane in lanes)


async def _within(work: Callable[[], Awaitable[object]], seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await work()
    except TimeoutError:
        return False
    return True


def _figures(runs: list[Run]) -> dict[str, Any]:
    opened = [run.opened - run.began for run in runs if run.opened is not None]
    return Figures.of(opened, never=len(runs) - len(opened)).data()
