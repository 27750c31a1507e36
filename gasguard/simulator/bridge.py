"""The simulator's ear and voice on MQTT: its console, its stove's state, its flame sensors.

Topics, under `<base>_sim`: `console/set` takes a line of the console (`light left`), `console`
gives its answer; `<burner>/state` (retained) is the stove's physical state.
"""

import asyncio
import contextlib
import json
from dataclasses import replace

from gasguard.config.load import Config
from gasguard.config.sensors import MqttFlame, ThermocoupleFlame
from gasguard.mqtt.desk import Desk
from gasguard.mqtt.link import Connection, Message
from gasguard.mqtt.server import Subscription, broker
from gasguard.simulator.console import Console
from gasguard.simulator.world import BurnerSnapshot, World

_MEASURE_EVERY = 1.0
"""Seconds between two of a thermocouple's readings."""
_LOOK_EVERY = 0.2
"""Seconds between two looks at the stove; what changed is published."""
_RETRY = (1.0, 5.0)
_LONGEST_LINE = 1000


class SimulatorBridge:
    """Connects a World to the broker of its configuration, if one is there."""

    def __init__(self, config: Config, world: World) -> None:
        self._config, self._world = config, world
        self._base = f"{config.mqtt.base_topic}_sim"
        self._console = Console(world)
        self._published: dict[str, str] = {}
        self._measured: dict[str, float] = {}
        self._connection: Connection | None = None
        self._desk = Desk(
            replace(broker(config.mqtt), name="simulator", will_topic=None, retry=_RETRY),
            [Subscription(self.console_topic, retained=False)],
            self,
            received=self._execute,
            longest=_LONGEST_LINE,
        )
        self._looking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Connect in the background and begin to publish."""
        self._desk.start()
        self._looking = asyncio.get_running_loop().create_task(self._look())

    async def stop(self) -> None:
        """Disconnect."""
        if self._looking is not None:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking
        await self._desk.stop()

    @property
    def console_topic(self) -> str:
        """Where a line of the console is published to."""
        return f"{self._base}/console/set"

    def subscribed(self, connection: Connection) -> None:
        """See `Owner.subscribed`."""
        self._connection = connection
        self._published.clear()

    def lost(self, connection: Connection) -> None:
        """See `Owner.lost`."""
        if self._connection is connection:
            self._connection = None

    def _execute(self, connection: Connection, message: Message) -> None:
        if not message.retain:
            answer = self._console.execute(message.payload.decode(errors="replace"))
            connection.publish(f"{self._base}/console", answer)

    async def _look(self) -> None:
        while True:
            if self._connection is not None:
                for name, state in self._world.snapshot().items():
                    steady = {key: state[key] for key in ("knob", "gas", "flame", "circuit")}
                    self._publish(
                        self._connection, f"{self._base}/{name}/state", json.dumps(steady)
                    )
                    self._tell_flame(self._connection, name, state)
            await asyncio.sleep(_LOOK_EVERY)

    def _tell_flame(self, connection: Connection, name: str, state: BurnerSnapshot) -> None:
        match self._config.burners[name].flame:
            case ThermocoupleFlame(topic=topic):
                self._measure(connection, topic, state["thermocouple_mv"])
            case MqttFlame(topic=topic):
                self._publish(connection, topic, "lit" if state["flame"] else "out")

    def _measure(self, connection: Connection, topic: str, millivolts: float) -> None:
        """A measurement is told again and again, changed or not, and never retained."""
        now = asyncio.get_running_loop().time()
        if now >= self._measured.get(topic, 0.0) + _MEASURE_EVERY:
            self._measured[topic] = now
            connection.publish(topic, f"{millivolts:.2f}", qos=0)

    def _publish(self, connection: Connection, topic: str, payload: str) -> None:
        if self._published.get(topic) != payload and connection.publish(
            topic, payload, retain=True
        ):
            self._published[topic] = payload
