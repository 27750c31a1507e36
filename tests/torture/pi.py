"""The computer: its clocks, its disk and the guard's process, which can be killed anywhere."""

import asyncio
import logging
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from random import Random
from typing import Any

from gasguard.app import OPEN_FIRST_WITHIN
from gasguard.assemble import Drivers, circuits, sensors
from gasguard.clock import Instant
from gasguard.config.flames import AdcFlame
from gasguard.config.load import Config
from gasguard.core.messages import FLAME, Event, FlameRead, SensorGarbled
from gasguard.drivers.base import Sensor
from gasguard.guard.controller import Controller
from gasguard.health import Heartbeats
from gasguard.interfaces.journal import Journal
from gasguard.interfaces.schedules.watch import Schedules
from gasguard.simulator.mqtt.setup import plan_mqtt
from gasguard.simulator.pi.chip import SimulatedBoard, SimulatedChip
from tests.torture.broker import Broker
from tests.torture.disk import Disk
from tests.torture.loop import TappedNetwork
from tests.torture.window import Payload, Told, Window
from tests.torture.zones import UTC, ZONES, Zone


class Trust(StrEnum):
    """What a restarted guard can know of the time that has passed since a moment before."""

    SURE = "sure"
    NONE = "none"
    PERHAPS = "perhaps"
    """The clock was right for a part of the time only."""


class PiClock:
    """gasguard.clock.Clock with a wall clock that may be wrong, and may not know it is right."""

    def __init__(self, loop: asyncio.AbstractEventLoop, zone: Zone = UTC) -> None:
        self._loop = loop
        self.zone = zone
        self.boots = 1
        self._boot_zero = loop.time() - 100.0
        self.wall_error = 0.0
        self.right = True
        """Known to be synchronised; then `wall_error` is 0."""
        self.last_right = self.last_wrong = float("-inf")
        self._believed = True
        """Nobody knows that it is wrong, though it may be."""
        self.steps = 0
        """How often it was set to another time."""

    def now(self) -> Instant:
        time = self._loop.time()
        return Instant(time - self._boot_zero, self.wall(time))

    def wall(self, time: float) -> float:
        """The Unix time that it gives at that moment of the loop, if nobody sets it until then."""
        return self.zone.wall_zero + time + self.wall_error

    def shown(self, time: float) -> float:
        """What people read on it then, as `Zone.shown` counts."""
        return self.zone.shown(self.wall(time))

    def boot_id(self) -> str:
        return f"boot-{self.boots}"

    def synchronised(self) -> bool:
        return self.right

    def believable(self) -> bool:
        return self.right or self._believed

    def loop_time(self, boot: float) -> float:
        """The loop's time at which CLOCK_BOOTTIME read `boot`."""
        return boot + self._boot_zero

    def note(self) -> None:
        """Remember until when the wall clock was right, and until when it was not."""
        if self.right:
            self.last_right = self._loop.time()
        else:
            self.last_wrong = self._loop.time()

    def jump(self, seconds: float, believed: bool = False) -> None:
        """Somebody sets the wall clock: the kernel then counts it as unsynchronised."""
        self.note()
        self.steps += 1
        self.wall_error += seconds
        self.right, self._believed = False, believed
        self.note()

    def ntp(self) -> None:
        """NTP has answered."""
        self.note()
        self.steps += self.wall_error != 0.0
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
        self.right, self._believed = right, False


class Pi:
    """Runs the guard. `on_killed` and what the window shows let the judge know."""

    def __init__(
        self,
        config: Config,
        loop: asyncio.AbstractEventLoop,
        air: TappedNetwork,
        disk: Disk,
        broker: Broker,
        luck: Random,
        chip: SimulatedChip,
    ) -> None:
        self.clock = PiClock(loop, ZONES.get(config.timezone or "", UTC))
        self.heartbeats = Heartbeats(loop.time)
        self.controller: Controller | None = None
        self.window: Window | None = None
        self.schedules: Schedules | None = None
        self.up_since = float("inf")
        """When the living guard started."""
        self.on_told: Told = lambda _burner, _changed, _events: None
        self.on_killed: Callable[[], None] = lambda: None
        self.on_listening: Callable[[], None] = lambda: None
        """Called when the living guard has started its sensors."""
        self.on_measured: Callable[[str, Event], None] = lambda _burner, _event: None
        """Called with what a sensor on the computer's own bus says, just before the guard hears it.
        """
        self._chip = chip
        self._board: SimulatedBoard | None = None
        self._config, self._loop, self._air, self._broker = config, loop, air, broker
        self._disk, self._luck = disk, luck
        self._states = {address[0]: address for address in plan_mqtt(config)}
        self._sensors: list[Sensor] = []
        self._harness: set[asyncio.Task[None]] = set()

    @property
    def states(self) -> dict[str, Payload]:
        """What stands on each burner's topic; nothing while there is no guard."""
        return self.window.states if self.window is not None else {}

    def keep(self, task: "asyncio.Task[Any] | None") -> None:
        """This task is not the guard's."""
        if task is not None:
            self._harness.add(task)
            task.add_done_callback(self._harness.discard)

    @property
    def alive(self) -> bool:
        return self.controller is not None

    def boot(self) -> None:
        """The guard's process is there, and `start` will make it work."""
        self.clock.note()
        store = self._disk.open()
        self.heartbeats = Heartbeats(self._loop.time)
        self._board = self._chip.process()
        drivers = Drivers(
            partial(self._broker.bus, self._states),
            self._luck,
            self._air.names.look_up,
            self._board,
        )
        controller = Controller(
            circuits(self._config, drivers), store, self.clock, self.heartbeats, self._luck
        )
        self._sensors = sensors(self._config, drivers, partial(self._post, controller))
        controller.observers.append(Journal(store))
        self.schedules = Schedules(self._config, controller, store, self.clock, self.heartbeats)
        self.window = Window(controller, lambda *told: self.on_told(*told))
        self._air.connect()
        self.controller, self.up_since = controller, self._loop.time()

    def start(self) -> None:
        """As `gasguard.app.running` does it: first what must be open, then the sensors."""
        if self.controller is not None and self.window is not None:
            self.controller.start()
            self.window.first_look(self.clock.now())
            self._loop.create_task(self._listen(self.controller))

    async def _listen(self, controller: Controller) -> None:
        await controller.opened_what_must_be(OPEN_FIRST_WITHIN)
        if self.schedules is not None:
            self.schedules.start()
        for sensor in self._sensors:
            sensor.start()
        self.on_listening()

    def _post(self, controller: Controller, burner: str, event: Event) -> None:
        flame = self._config.burners[burner].flame
        if controller is self.controller and isinstance(flame, AdcFlame):
            measured = isinstance(event, FlameRead)
            if measured or (isinstance(event, SensorGarbled) and event.sensor == FLAME):
                self.on_measured(burner, event)
        controller.post(burner, event)

    def kill(self, *, power: bool = False) -> None:
        """Nothing of the guard gets out from here on, wherever it was. Its tasks follow."""
        if self.controller is None or self.window is None:
            return
        self.controller.drop()
        self.window.shut()
        self.controller = self.window = self.schedules = None
        self.up_since = float("inf")
        self._air.sever()
        self._broker.sever()
        if self._board is not None:
            self._board.end()
        if power:
            self._chip.reset()
        self._disk.crash(power=power)
        self.clock.note()
        self.on_killed()
        dead, self._sensors = self._sensors, []
        self._loop.call_soon(self._drop, dead)

    def _drop(self, dead: list[Sensor]) -> None:
        for task in sorted(self._guards(), key=_number):
            task.cancel()
        self.keep(self._loop.create_task(_close(dead)))
        self._loop.call_later(0.01, self._dropped)

    def _dropped(self) -> None:
        if left := self._guards():
            logging.getLogger("gasguard").critical("a task outlives its cancelling: %s", left)

    def _guards(self) -> list["asyncio.Task[Any]"]:
        return [task for task in asyncio.all_tasks(self._loop) if task not in self._harness]


async def _close(dead: list[Sensor]) -> None:
    for sensor in dead:
        await sensor.aclose()


def _number(task: "asyncio.Task[Any]") -> int:
    name = task.get_name().rpartition("-")[2]
    return int(name) if name.isdigit() else 0
