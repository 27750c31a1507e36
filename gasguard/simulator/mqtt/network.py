"""From the broker to the simulated devices and back."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Protocol

from gasguard.mqtt.desk import Desk
from gasguard.mqtt.link import Connection, Message
from gasguard.mqtt.server import BrokerSettings, Subscription, broker
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

    def __init__(self, settings: BrokerSettings) -> None:
        self._settings = settings
        self._switchboard: Switchboard | None = None
        self._desk: Desk | None = None

    def start(self, switchboard: Switchboard) -> None:
        """See `Network.start`."""
        self._switchboard = switchboard
        self._desk = Desk(
            replace(broker(self._settings), name="simulated relays", will_topic=None, retry=_RETRY),
            # At QoS 0 and without a session, as Zigbee2MQTT and Tasmota subscribe.
            [Subscription(topic, qos=0) for topic in switchboard.topics],
            self,
            received=self._received,
            longest=_LONGEST,
        )
        self._desk.start()

    async def stop(self) -> None:
        """See `Network.stop`."""
        self._switchboard = None
        if self._desk is not None:
            await self._desk.stop()

    def subscribed(self, connection: Connection) -> None:
        """See `Owner.subscribed`."""
        if self._switchboard is not None:
            self._switchboard.connect(partial(_publish, connection))

    def lost(self, _connection: Connection) -> None:
        """See `Owner.lost`."""
        if self._switchboard is not None:
            self._switchboard.disconnect()

    def _received(self, _connection: Connection, message: Message) -> None:
        if self._switchboard is not None:
            self._switchboard.deliver(message.topic, message.payload.decode(errors="replace"))


def _publish(connection: Connection, out: Out) -> None:
    connection.publish(out.topic, out.payload, qos=0, retain=out.retain)
