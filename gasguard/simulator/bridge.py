"""The simulator's ear and voice on MQTT: its console, its stove's state, its sensors.

Topics, under `<base>_sim`: `console/set` takes a line of the console (`light left`), `console`
gives its answer; `<burner>/state` (retained) is the stove's physical state.
"""

import asyncio
import contextlib
import json
from dataclasses import replace

from gasguard.config.load import Config
from gasguard.config.sensors import FlameOnTopic, HeatFlame, ThermocoupleFlame
from gasguard.mqtt.desk import Desk
from gasguard.mqtt.link import Connection, Message
from gasguard.mqtt.server import Subscription, broker
from gasguard.simulator.console import Console
from gasguard.simulator.senses import HELP, Senses
from gasguard.simulator.sensor_words import word_for
from gasguard.simulator.world import BurnerSnapshot, World

_MEASURE_EVERY = 1.0
"""Seconds between two readings of a thermocouple, or of a temperature."""
_SPEAK_EVERY = 30.0
"""Seconds after which a lit/out sensor says again what it sees, as most do."""
_LOOK_EVERY = 0.2
"""Seconds between two looks at the stove; what changed is published."""
_RETRY = (1.0, 5.0)
_LONGEST_LINE = 1000


class SimulatorBridge:
    """Connects a World to the broker of its configuration, if one is there."""

    def __init__(self, config: Config, world: World) -> None:
        self._config, self._world = config, world
        self._base = f"{config.mqtt.base_topic}_sim"
        self.senses = Senses(config, world)
        self.console = Console(world, self.senses.commands, HELP)
        self._published: dict[str, str] = {}
        self._repeated: dict[str, float] = {}
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
            answer = self.console.execute(message.payload.decode(errors="replace"))
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
                self._tell_the_rest(self._connection)
            await asyncio.sleep(_LOOK_EVERY)

    def _tell_flame(self, connection: Connection, name: str, state: BurnerSnapshot) -> None:
        flame = self._config.burners[name].flame
        if isinstance(flame, ThermocoupleFlame):
            text = f"{state['thermocouple_mv']:.2f}"
            self._repeat(connection, flame.topic, text, _MEASURE_EVERY, qos=0)
        elif isinstance(flame, FlameOnTopic) and not isinstance(flame, HeatFlame):
            word = word_for(flame, state["flame"])
            self._publish(connection, flame.topic, word)
            self._repeat(connection, flame.topic, word, _SPEAK_EVERY, qos=1)

    def _tell_the_rest(self, connection: Connection) -> None:
        for topic, word in self.senses.said():
            self._publish(connection, topic, word)
            self._repeat(connection, topic, word, _SPEAK_EVERY, qos=1)
        now = asyncio.get_running_loop().time()
        for topic, word in self.senses.warmths(now):
            self._repeat(connection, topic, word, _MEASURE_EVERY, qos=0)

    def _repeat(
        self, connection: Connection, topic: str, text: str, every: float, *, qos: int
    ) -> None:
        """Say it again from time to time, changed or not, and never retained."""
        now = asyncio.get_running_loop().time()
        if now >= self._repeated.get(topic, 0.0) + every:
            self._repeated[topic] = now
            connection.publish(topic, text, qos=qos)

    def _publish(self, connection: Connection, topic: str, payload: str) -> None:
        if self._published.get(topic) != payload and connection.publish(
            topic, payload, retain=True
        ):
            self._published[topic] = payload
