"""The devices' own connection to the broker: what happens to the people's is nothing to it."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from gasguard.drivers.bus import Heard, Listening
from gasguard.health import Heartbeats

if TYPE_CHECKING:
    from pydantic import SecretStr

    from gasguard.mqtt.desk import Desk
    from gasguard.mqtt.link import Connection, Message
    from gasguard.mqtt.refusals import Refusals
    from gasguard.mqtt.server import BrokerSettings, Server, Subscription

RETRY = (0.3, 1.0)
"""Bounds in seconds of the wait before connecting again: an open waits at most 1 s (safety)."""
RETRY_OF_SENSORS = (1.0, 2.0)
"""The same where no relay waits; sooner than people's, who may wait for `online` to speak."""
LONGEST = 65_536
"""Bytes of a device's message that are looked at; real ones have some hundred."""


class BrokerBus:
    """A `Bus` on a real broker."""

    def __init__(
        self,
        settings: "BrokerSettings",
        heartbeats: Heartbeats | None = None,
        *,
        client_id: str | None = None,
        name: str = "mqtt devices",
    ) -> None:
        """`client_id`: None for one that stays the same whenever the same relays are guarded; empty
        for a new one at each connection. `name` is for the log.

        With the former a broker that had hung ends the old connection at the new one's start: a
        "close" that was still unread there can not come behind a newer "open".
        """
        self._settings, self._heartbeats = settings, heartbeats
        self._client_id, self._name = client_id, name
        self._listeners: list[Listening] = []
        self._by_topic: dict[str, list[Listening]] = defaultdict(list)
        self._desk: Desk | None = None
        self._connection: Connection | None = None
        self._refusals: Refusals | None = None
        self._users = 0

    @property
    def trouble(self) -> str:
        """What is wrong with the connection, in words for people; empty when nothing is."""
        if self._desk is None or self._refusals is None:
            return ""
        return self._desk.trouble or self._refusals.trouble

    @property
    def address(self) -> str:
        """See `Bus.address`."""
        if self._connection is not None:
            return self._connection.address
        return ", ".join(f"{host}:{self._settings.port}" for host in self._settings.hosts)

    @property
    def connected(self) -> bool:
        """See `Bus.connected`."""
        return self._connection is not None and self._connection.live

    def attach(self, listening: Listening) -> None:
        """See `Bus.attach`."""
        if self._desk is not None:
            raise RuntimeError("a device came after the start")
        self._listeners.append(listening)
        for topic in {*listening.topics, *listening.kept_topics}:
            self._by_topic[topic].append(listening)
        self._users += 1

    def start(self) -> None:
        """See `Bus.start`."""
        if self._desk is None and self._users:
            # Imported here: heavy, and the guard is live before its sensors are.
            from gasguard.mqtt.desk import Desk
            from gasguard.mqtt.refusals import Refusals

            self._refusals = Refusals()
            self._desk = Desk(
                self._server(),
                [self._subscription(topic) for topic in sorted(self._by_topic)],
                self,
                self._heartbeats,
                received=self._received,
                # What relays answer has room of its own: no sensor's flood takes it.
                urgent=self._is_vital,
                longest=LONGEST,
                refused=self._refused,
                unpublished=self._refusals.unpublished,
            )
            self._desk.start()

    def publish(
        self,
        topic: str,
        payload: str,
        *,
        qos: int,
        expires: int,
        acknowledged: Callable[[], None] | None = None,
    ) -> bool:
        """See `Bus.publish`."""
        if self._desk is None or self._connection is None or not self._connection.live:
            return False
        told = partial(self._desk.hand_over, acknowledged) if acknowledged else None
        return self._connection.publish(topic, payload, qos=qos, expires=expires, acknowledged=told)

    async def release(self) -> None:
        """See `Bus.release`."""
        self._users -= 1
        if not self._users and self._desk is not None:
            self._connection = None
            await self._desk.stop()

    # --- the server ---------------------------------------------------------------------------

    def _server(self) -> "Server":
        from gasguard.mqtt.server import broker

        vital = sorted(topic for topic in self._by_topic if self._is_vital(topic))
        return replace(
            broker(self._settings),
            name=self._name,
            will_topic=None,
            client_id=self._own_id(vital),
            retry=RETRY if vital else RETRY_OF_SENSORS,
        )

    def _own_id(self, vital: list[str]) -> "SecretStr | None":
        """By the relays alone: whoever opens them without the daemon has no sensors.

        Sensors may be shared with another gasguard, which must not be pushed out.
        """
        from pydantic import SecretStr

        from gasguard.mqtt.server import devices_id

        if self._client_id is not None:
            return SecretStr(self._client_id) if self._client_id else None
        if not vital and self._settings.client_id is None:
            return None
        return devices_id(self._settings, self._settings.base_topic, *vital)

    def _is_vital(self, topic: str) -> bool:
        return any(one.vital for one in self._by_topic.get(topic, ()))

    def _subscription(self, topic: str) -> "Subscription":
        from gasguard.mqtt.server import Subscription

        listeners = self._by_topic[topic]
        return Subscription(
            topic,
            retained=any(topic in one.kept_topics for one in listeners),
            # At QoS 0 the broker passes on in the order in which a device published, and keeps
            # nothing back for us: what a relay needs goes before what a sensor wants.
            qos=min(one.qos for one in listeners),
            vital=self._is_vital(topic),
        )

    # --- what the desk brings -----------------------------------------------------------------

    def subscribed(self, connection: "Connection") -> None:
        """See `Owner.subscribed`."""
        self._connection = connection
        self._tell_changed()

    def lost(self, connection: "Connection") -> None:
        """See `Owner.lost`."""
        if self._connection in (connection, None):
            self._connection = None
            if self._refusals is not None:
                self._refusals.forget()
            self._tell_changed()

    def _received(self, connection: "Connection", message: "Message") -> None:
        if connection.live:
            heard = Heard(message.topic, message.payload, message.retain)
            for listening in self._by_topic.get(heard.topic, ()):
                listening.heard(heard)

    def _refused(self, topic: str) -> None:
        if self._refusals is not None:
            self._refusals.refused(topic)
        for listening in self._by_topic.get(topic, ()):
            listening.refused()

    def _tell_changed(self) -> None:
        for listening in self._listeners:
            listening.changed()
