"""From the broker to the simulated devices and back."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Protocol

from gasguard.config.broker import Mqtt
from gasguard.mqtt.link import Connection, Listener, Message, MqttLink, Subscription, broker
from gasguard.simulator.mqtt.devices import Out, Zigbee2MqttBridge
from gasguard.simulator.mqtt.server import MqttServer

_LONGEST = 65_536
_RETRY = (0.2, 0.5)


class Network(Protocol):
    """What carries messages between simulated devices and everybody else."""

    def start(self, switchboard: "Switchboard") -> None:
        """Begin to connect; returns at once."""
        ...

    async def stop(self) -> None:
        """Disconnect."""
        ...


class Switchboard:
    """Passes messages to the devices that have subscribed to their topics."""

    def __init__(self, servers: Iterable[MqttServer], bridges: Iterable[Zigbee2MqttBridge]) -> None:
        self._servers, self._bridges = list(servers), list(bridges)
        self._publish: Callable[[Out], None] | None = None

    @property
    def topics(self) -> list[str]:
        """Everything that is subscribed to."""
        devices = {topic for server in self._servers for topic in server.device.topics}
        return sorted(devices | {topic for bridge in self._bridges for topic in bridge.topics})

    def connect(self, publish: Callable[[Out], None]) -> None:
        """The broker is there."""
        self._publish = publish
        for server in self._servers:
            server.connect(publish)

    def disconnect(self) -> None:
        """The broker is away."""
        self._publish = None
        for server in self._servers:
            server.disconnect()

    def deliver(self, topic: str, payload: str) -> None:
        """A message from the broker."""
        for bridge in self._bridges:
            if topic in bridge.topics and self._publish is not None:
                for out in bridge.receive(payload):
                    self._publish(out)
        for server in self._servers:
            if any(_matches(wanted, topic) for wanted in server.device.topics):
                server.deliver(topic, payload)


def _matches(wanted: str, topic: str) -> bool:
    return topic.startswith(wanted[:-1]) if wanted.endswith("/#") else topic == wanted


class BrokerNetwork:
    """A real broker, with one connection for all devices."""

    def __init__(self, settings: Mqtt) -> None:
        self._settings = settings
        self._link: MqttLink | None = None
        self._stopped = False

    def start(self, switchboard: Switchboard) -> None:
        """See `Network.start`."""
        loop = asyncio.get_running_loop()

        def hand_over(work: Callable[..., None], *args: object) -> None:
            if not (self._stopped or loop.is_closed()):
                loop.call_soon_threadsafe(work, *args)

        def subscribed(connection: Connection) -> None:
            hand_over(switchboard.connect, partial(_publish, connection))

        def received(_connection: Connection, message: Message) -> None:
            if len(message.payload) <= _LONGEST:
                payload = message.payload.decode(errors="replace")
                hand_over(switchboard.deliver, message.topic, payload)

        def lost(_connection: Connection) -> None:
            hand_over(switchboard.disconnect)

        self._link = MqttLink(
            replace(broker(self._settings), name="simulated relays", will_topic=None, retry=_RETRY),
            # At QoS 0 and without a session, as Zigbee2MQTT and Tasmota subscribe.
            [Subscription(topic, qos=0) for topic in switchboard.topics],
            Listener(subscribed, received, lost),
        )
        self._link.start()

    async def stop(self) -> None:
        """See `Network.stop`."""
        self._stopped = True
        if self._link is not None:
            await asyncio.to_thread(self._link.stop)


def _publish(connection: Connection, out: Out) -> None:
    connection.publish(out.topic, out.payload, qos=0, retain=out.retain)
