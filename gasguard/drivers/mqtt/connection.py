"""The relays' own connection to the broker: what happens to that of the commands is nothing to it.

paho runs in a thread; here is what hands over between it and the event loop.
"""

import asyncio
import contextlib
import hashlib
import logging
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from pydantic import SecretStr

from gasguard.config.broker import Mqtt
from gasguard.drivers.bus import Heard, Listening
from gasguard.health import Heartbeats
from gasguard.mqtt.link import Connection, Listener, Message, MqttLink, Subscription, broker

log = logging.getLogger(__name__)

RETRY = (0.3, 1.0)
"""Bounds in seconds of the wait before connecting again: an open waits at most 1 s (safety)."""
_LOOK_EVERY = 1.0
_BEAT_WITHIN = 15.0
_ON_THE_WAY = 500
"""Messages on their way to the event loop; a flood beyond that waits in the broker, not here."""
_HAND_OVER_WITHIN = 2.0
_LONGEST = 65_536
"""Bytes of a state message that are looked at; real ones have some hundred."""
_NAME = "mqtt relays"


class BrokerBus:
    """A `Bus` on a real broker."""

    def __init__(
        self, settings: Mqtt, heartbeats: Heartbeats | None = None, *, client_id: str | None = None
    ) -> None:
        """`client_id`: None for one that stays the same whenever the same relays are guarded.

        With it a broker that had hung ends the old connection at the new one's start: a "close"
        that was still unread there can not come behind a newer "open".
        """
        self._settings, self._heartbeats = settings, heartbeats or Heartbeats()
        self._client_id = client_id
        self._listeners: list[Listening] = []
        self._by_topic: dict[str, list[Listening]] = defaultdict(list)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._link: MqttLink | None = None
        self._connection: Connection | None = None
        self._room = threading.BoundedSemaphore(_ON_THE_WAY)
        self._watcher: asyncio.Task[None] | None = None
        self._users = 0

    @property
    def address(self) -> str:
        """See `Bus.address`."""
        return f"{self._settings.host}:{self._settings.port}"

    @property
    def connected(self) -> bool:
        """See `Bus.connected`."""
        return self._connection is not None and self._connection.live

    def attach(self, listening: Listening) -> None:
        """See `Bus.attach`."""
        if self._link is not None:
            raise RuntimeError("a relay came after the start")
        self._listeners.append(listening)
        for topic in {*listening.topics, *listening.kept_topics}:
            self._by_topic[topic].append(listening)
        self._users += 1

    def start(self) -> None:
        """See `Bus.start`."""
        if self._link is None and self._users:
            self._loop = asyncio.get_running_loop()
            self._link = self._new_link()
            self._link.start()
            self._watcher = self._loop.create_task(self._watch())

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
        if self._connection is None or not self._connection.live:
            return False
        told = partial(self._hand_over, acknowledged) if acknowledged else None
        return self._connection.publish(topic, payload, qos=qos, expires=expires, acknowledged=told)

    async def release(self) -> None:
        """See `Bus.release`."""
        self._users -= 1
        if self._users or self._link is None:
            return
        if self._watcher is not None:
            self._watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watcher
        self._heartbeats.forget(_NAME)
        self._connection = None
        await asyncio.to_thread(self._link.stop)

    # --- the link and its thread --------------------------------------------------------------

    def _new_link(self) -> MqttLink:
        kept = {topic for one in self._listeners for topic in one.kept_topics}
        # QoS 0: the broker passes on in the order in which a device published, and keeps nothing
        # back for us.
        subscriptions = [
            Subscription(topic, retained=topic in kept, qos=0) for topic in sorted(self._by_topic)
        ]
        client_id = self._stable_id() if self._client_id is None else self._client_id
        server = replace(
            broker(self._settings),
            name=_NAME,
            will_topic=None,
            client_id=SecretStr(client_id),
            retry=RETRY,
        )
        listener = Listener(
            partial(self._hand_over, self._on_subscribed),
            self._on_message,
            partial(self._hand_over, self._on_lost),
        )
        return MqttLink(server, subscriptions, listener)

    def _stable_id(self) -> str:
        what = [self._settings.base_topic, *sorted(self._by_topic)]
        # 23 letters and digits are what every broker must take.
        return "gasguard" + hashlib.sha256("\0".join(what).encode()).hexdigest()[:15]

    async def _watch(self) -> None:
        beat = self._heartbeats.expect(_NAME, _BEAT_WITHIN)
        while True:
            beat()
            if self._link is not None:
                self._link = self._link.alive()
            if self._connection is not None and not self._connection.live:
                self._gone()
            await asyncio.sleep(_LOOK_EVERY)

    def _hand_over(self, work: Callable[..., None], *args: object) -> None:
        """From the link's thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(work, *args)

    def _on_message(self, connection: Connection, message: Message) -> None:
        """From the link's thread."""
        if len(message.payload) > _LONGEST:
            return
        if not self._room.acquire(timeout=_HAND_OVER_WITHIN):
            log.error("%s: the guard does not take messages; one was dropped", _NAME)
            return
        heard = Heard(message.topic, message.payload, message.retain)
        self._hand_over(self._received, connection, heard)

    # --- on the event loop --------------------------------------------------------------------

    def _on_subscribed(self, connection: Connection) -> None:
        self._connection = connection
        self._tell_changed()

    def _on_lost(self, connection: Connection) -> None:
        if self._connection is connection:
            self._gone()

    def _gone(self) -> None:
        self._connection = None
        self._tell_changed()

    def _tell_changed(self) -> None:
        for listening in self._listeners:
            listening.changed()

    def _received(self, connection: Connection, heard: Heard) -> None:
        self._room.release()
        if connection.live:
            for listening in self._by_topic.get(heard.topic, ()):
                listening.heard(heard)
