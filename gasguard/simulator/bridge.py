"""The simulator's ear and voice on MQTT: its console, its stove's state, its flame sensors.

Topics, under `<base>_sim`: `console/set` takes a line of the console (`light left`), `console`
gives its answer; `<burner>/state` (retained) is the stove's physical state.
"""

import asyncio
import contextlib
import json

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from gasguard.config.load import Config
from gasguard.config.sensors import ThermocoupleFlame
from gasguard.simulator.console import Console
from gasguard.simulator.world import World

_MEASURE_EVERY = 1.0
"""Seconds between two of a thermocouple's readings."""
_LOOK_EVERY = 0.2
"""Seconds between two looks at the stove; what changed is published."""


class SimulatorBridge:
    """Connects a World to the broker of its configuration, if one is there."""

    def __init__(self, config: Config, world: World) -> None:
        self._config, self._world = config, world
        self._base = f"{config.mqtt.base_topic}_sim"
        self._console = Console(world)
        self._loop = asyncio.get_running_loop()
        self._published: dict[str, str] = {}
        self._measured: dict[str, float] = {}
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
        self._looking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Connect in the background and begin to publish."""
        mqtt, client = self._config.mqtt, self._client
        if mqtt.username is not None:
            secret = mqtt.password.get_secret_value() if mqtt.password else None
            client.username_pw_set(mqtt.username, secret)
        if mqtt.tls is not None:
            client.tls_set(str(mqtt.tls.ca) if mqtt.tls.ca else None)
            client.tls_insecure_set(mqtt.tls.insecure)
        client.reconnect_delay_set(1, 5)
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        client.connect_async(mqtt.host, mqtt.port)
        client.loop_start()
        self._looking = self._loop.create_task(self._look())

    async def stop(self) -> None:
        """Disconnect."""
        if self._looking is not None:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)

    @property
    def console_topic(self) -> str:
        """Where a line of the console is published to."""
        return f"{self._base}/console/set"

    def _on_connect(self, *_args: object) -> None:
        self._loop.call_soon_threadsafe(self._connected)

    def _on_message(self, _client: object, _userdata: object, message: paho.MQTTMessage) -> None:
        self._loop.call_soon_threadsafe(self._execute, bytes(message.payload), message.retain)

    def _connected(self) -> None:
        self._client.subscribe(self.console_topic, qos=1)
        self._published.clear()

    def _execute(self, line: bytes, retain: bool) -> None:
        if not retain:
            answer = self._console.execute(line[:1000].decode(errors="replace"))
            self._client.publish(f"{self._base}/console", answer, qos=1)

    async def _look(self) -> None:
        while True:
            if self._client.is_connected():
                for name, state in self._world.snapshot().items():
                    steady = {key: state[key] for key in ("knob", "gas", "flame", "circuit")}
                    self._publish(f"{self._base}/{name}/state", json.dumps(steady))
                    flame = self._config.burners[name].flame
                    if isinstance(flame, ThermocoupleFlame):
                        self._measure(flame.topic, state["thermocouple_mv"])
                    elif flame is not None:
                        self._publish(flame.topic, "lit" if state["flame"] else "out")
            await asyncio.sleep(_LOOK_EVERY)

    def _measure(self, topic: str, millivolts: float) -> None:
        """A measurement is told again and again, changed or not, and never retained."""
        now = self._loop.time()
        if now >= self._measured.get(topic, 0.0) + _MEASURE_EVERY:
            self._measured[topic] = now
            self._client.publish(topic, f"{millivolts:.2f}", qos=0)

    def _publish(self, topic: str, payload: str) -> None:
        if self._published.get(topic) != payload:
            self._published[topic] = payload
            self._client.publish(topic, payload, qos=1, retain=True)
