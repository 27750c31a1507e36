"""Everything off at once, in a house with a hundred relays."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench.broker import broker
from tests.bench.client import Bus, Heard, bus
from tests.bench.errors import BenchError
from tests.bench.figures import Figures
from tests.bench.park import Moved, Park, relays
from tests.bench.process import gasguard_run, running
from tests.bench.site import Group, write_config

_READY_WITHIN = 30.0
_ROUND_WITHIN = 10.0

Condition = Callable[[], bool]


class House:
    """What is known of every burner of the group in the present round."""

    def __init__(self, group: Group, connections: Bus, park: Park) -> None:
        self._group, self._bus = group, connections
        self._phases: dict[str, str] = {}
        self._opened: dict[int, float] = {}
        self._confirmed: dict[str, float] = {}
        self._changed = asyncio.Event()
        park.watch(group, self._moved)

    async def listen(self) -> None:
        """Begin to hear the daemon."""
        await self._bus.listen(self._group.name, self._heard)

    def _moved(self, moved: Moved) -> None:
        if moved.is_open:
            self._opened.setdefault(moved.index, moved.at)
            self._changed.set()

    def _heard(self, heard: Heard) -> None:
        _, name, kind = (*heard.topic.split("/", 2), "")[:3]
        if kind == "state":
            self._phases[name] = json.loads(heard.payload)["phase"]
        elif kind == "ack" and json.loads(heard.payload)["status"] == "confirmed":
            self._confirmed.setdefault(name, heard.at)
        self._changed.set()

    async def ready(self) -> None:
        """Wait until every burner is ready."""

        def all_ready() -> bool:
            return list(self._phases.values()).count("ready") == self._group.count

        await self._until(all_ready, _READY_WITHIN, "not every burner became ready")

    async def off(self) -> tuple[float, float]:
        """Shut all off: seconds until the last contact was open, and until the last ack."""
        self._opened.clear()
        self._confirmed.clear()
        began = self._bus.publish(f"{self._group.name}/all/off/set")

        def all_done() -> bool:
            return len(self._opened) == len(self._confirmed) == self._group.count

        await self._until(all_done, _ROUND_WITHIN, "not every burner was confirmed off")
        return max(self._opened.values()) - began, max(self._confirmed.values()) - began

    async def _until(self, condition: Condition, within: float, complaint: str) -> None:
        try:
            async with asyncio.timeout(within):
                while not condition():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise BenchError(f"{complaint} within {within:.0f} s") from None


async def measure(folder: Path, burners: int, rounds: int) -> dict[str, Any]:
    """Figures over `rounds` of the last of `burners` to be open, and to be confirmed."""
    group = Group("allhouse", 7, burners)
    opened, confirmed = [], []
    async with broker(folder) as port, bus(port) as connections, relays(folder, group) as park:
        house = House(group, connections, park)
        await house.listen()
        command = gasguard_run(write_config(folder, group, port))
        async with running(folder, group.name, *command):
            for _ in range(rounds):
                await house.ready()
                last_open, last_ack = await house.off()
                opened.append(last_open)
                confirmed.append(last_ack)
    return {
        "burners": burners,
        "all open": Figures.of(opened).data(),
        "all confirmed": Figures.of(confirmed).data(),
    }
