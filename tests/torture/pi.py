"""The computer: its clocks, its disk and the guard's process, which can be killed anywhere."""

import asyncio
import logging
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from random import Random

from gasguard.assemble import Drivers, circuits
from gasguard.clock import Instant
from gasguard.config.load import Config
from gasguard.core.messages import Answer, Event, Request
from gasguard.guard.bulletins import News
from gasguard.guard.controller import Controller
from gasguard.health import Heartbeats
from gasguard.interfaces.journal import Journal
from gasguard.simulator.mqtt.setup import plan_mqtt
from tests.torture.broker import Broker
from tests.torture.disk import Disk
from tests.torture.loop import TappedNetwork

WALL_ZERO = 1_795_000_000.0
"""True Unix time at moment 0 of the loop."""


class Trust(StrEnum):
    """What a restarted guard can know of the time that has passed since a moment before."""

    SURE = "sure"
    NONE = "none"
    PERHAPS = "perhaps"
    """The clock was right for a part of the time only."""


class PiClock:
    """gasguard.clock.Clock with a wall clock that may be wrong, and may not know it is right."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.boots = 1
        self._boot_zero = loop.time() - 100.0
        self.wall_error = 0.0
        self.right = True
        """Known to be synchronised; then `wall_error` is 0."""
        self.last_right = self.last_wrong = float("-inf")

    def now(self) -> Instant:
        time = self._loop.time()
        return Instant(time - self._boot_zero, WALL_ZERO + time + self.wall_error)

    def boot_id(self) -> str:
        return f"boot-{self.boots}"

    def synchronised(self) -> bool:
        return self.right

    def loop_time(self, boot: float) -> float:
        """The loop's time at which CLOCK_BOOTTIME read `boot`."""
        return boot + self._boot_zero

    def note(self) -> None:
        """Remember until when the wall clock was right, and until when it was not."""
        if self.right:
            self.last_right = self._loop.time()
        else:
            self.last_wrong = self._loop.time()

    def jump(self, seconds: float) -> None:
        """Somebody sets the wall clock: the kernel then counts it as unsynchronised."""
        self.note()
        self.wall_error += seconds
        self.right = False
        self.note()

    def synchronise(self) -> None:
        """NTP has answered."""
        self.note()
        self.wall_error, self.right = 0.0, True
        self.note()

    def reboot(self, away: float, *, right: bool) -> None:
        """The machine starts anew; without NTP it goes on where it was switched off."""
        self.boots += 1
        self._boot_zero = self._loop.time() - 20.0
        if right:
            self.wall_error = 0.0
        else:
            self.wall_error -= away
        self.right = right


class Pi:
    """Runs the guard. `killed` and `booted` let the judge know."""

    def __init__(
        self,
        config: Config,
        loop: asyncio.AbstractEventLoop,
        air: TappedNetwork,
        disk: Disk,
        broker: Broker,
        luck: Random,
    ) -> None:
        self.clock = PiClock(loop)
        self.disk = disk
        self.heartbeats = Heartbeats(loop.time)
        self.controller: Controller | None = None
        self.up_since = float("inf")
        """When the living guard started."""
        self.on_news: Callable[[News], None] = lambda _news: None
        self.on_killed: Callable[[], None] = lambda: None
        self._config, self._loop, self._air, self._broker = config, loop, air, broker
        self._luck = luck
        self._states = {address[0]: address for address in plan_mqtt(config)}
        self._harness: set[asyncio.Task[object]] = set()
        self.dropping = False

    def keep(self, task: "asyncio.Task[object] | None") -> None:
        """This task is not the guard's."""
        if task is not None:
            self._harness.add(task)

    @property
    def alive(self) -> bool:
        return self.controller is not None

    def boot(self) -> Controller:
        """Start the guard's process. Raises StoreError as the daemon would."""
        self.clock.note()
        store = self.disk.open()
        self.heartbeats = Heartbeats(self._loop.time)
        drivers = Drivers(partial(self._broker.bus, self._states), self._luck)
        controller = Controller(
            circuits(self._config, drivers), store, self.clock, self.heartbeats, self._luck
        )
        controller.observers += [
            Journal(store),
            lambda news: self.on_news(news) if self.controller is controller else None,
        ]
        self._air.connect()
        self.controller, self.up_since = controller, self._loop.time()
        return controller

    def kill(self, *, power: bool = False) -> None:
        """Nothing of the guard gets out from here on, wherever it was. Its tasks follow."""
        if self.controller is None:
            return
        dead, self.controller = self.controller, None
        self.up_since = float("inf")
        self._air.sever()
        self._broker.sever()
        self.disk.crash(power=power)
        self.clock.note()
        self.on_killed()
        self.dropping = True
        self._loop.call_soon(self._drop, dead)

    def _drop(self, dead: Controller) -> None:
        tasks = [task for task in asyncio.all_tasks(self._loop) if task not in self._harness]
        for task in sorted(tasks, key=_number):
            task.cancel()
        dead.drop()
        self._loop.call_later(0.01, self._dropped, dead)

    def _dropped(self, dead: Controller) -> None:
        dead.drop()
        left = [task for task in asyncio.all_tasks(self._loop) if task not in self._harness]
        if left:
            logging.getLogger("gasguard").critical("a task outlives its cancelling: %s", left)
        self.dropping = False

    def ask(self, burner: str, request: Request, reply: Callable[[Answer], None]) -> bool:
        """Hand a request in, as a way in would; False if nobody is there."""
        controller = self.controller
        if controller is None:
            return False
        controller.request(
            burner,
            request,
            lambda answer: reply(answer) if self.controller is controller else None,
        )
        return True

    def post(self, burner: str, event: Event) -> bool:
        """Hand in a sensor's word; False if nobody is there."""
        if self.controller is None:
            return False
        self.controller.post(burner, event)
        return True


def _number(task: "asyncio.Task[object]") -> int:
    name = task.get_name().rpartition("-")[2]
    return int(name) if name.isdigit() else 0
