"""The guard's connection to the simulated broker."""

import asyncio
from collections.abc import Callable
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from gasguard.drivers.bus import Heard, Listening
from gasguard.drivers.mqtt.connection import RETRY
from gasguard.mqtt.server import KEEPALIVE

if TYPE_CHECKING:
    from tests.torture.broker import Broker

_KEPT_AFTER = (0.0, 0.0, 0.2, 2.0)
"""Bounds in seconds from the subscription until what the broker keeps is sent."""


class GuardBus:
    """The connection of one process of the guard: a `gasguard.drivers.bus.Bus`."""

    address = "broker:1883"

    def __init__(
        self, broker: "Broker", addresses: dict[str, tuple[str, int]], random: Random
    ) -> None:
        self._broker, self._addresses, self._random = broker, addresses, random
        self._listeners: list[Listening] = []
        self._by_topic: dict[str, list[Listening]] = {}
        self._started = self._dead = self._live = False
        self._number = 0
        """Of the connection, tried or live."""
        self._pauses = False
        """It has none, and waits before it tries the next."""
        self._keepalive: asyncio.TimerHandle | None = None

    @property
    def connected(self) -> bool:
        """See `Bus.connected`."""
        return self._live

    def attach(self, listening: Listening) -> None:
        """See `Bus.attach`."""
        self._listeners.append(listening)
        for topic in {*listening.topics, *listening.kept_topics}:
            self._by_topic.setdefault(topic, []).append(listening)

    def qos(self, topic: str) -> int | None:
        """At what it has subscribed to a topic; None if it has not."""
        listeners = self._by_topic.get(topic) if self._live else None
        return min(one.qos for one in listeners) if listeners else None

    def start(self) -> None:
        """See `Bus.start`."""
        if not self._started and not self._dead:
            self._started = True
            self._connect()

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
        if not self._live:
            return False
        if not self._broker.air.leaves(f"{topic}\0{payload}".encode(), (self.address, 0)):
            return False
        acknowledge = None
        if qos and acknowledged is not None:
            acknowledge = self.on_this_connection(acknowledged)
        self._broker.from_guard(topic, payload, qos=qos, expires=expires, acknowledge=acknowledge)
        return True

    async def release(self) -> None:
        """See `Bus.release`."""
        self.sever()

    def on_this_connection(self, action: Callable[[], None]) -> Callable[[], None]:
        """Something that comes on the present connection, and is lost with it."""
        return partial(self._if_live, self._number, action)

    def hear(self, topic: str, payload: bytes, retained: bool = False) -> None:
        """A message has come from the broker."""
        if not retained and topic in self._addresses:
            self._broker.air.heard_at[self._addresses[topic]] = self._broker.loop.time()
        listeners = self._by_topic.get(topic)
        if listeners:
            heard = Heard(topic, payload, retained)
            self._broker.on_heard(heard)
            for listening in listeners:
                listening.heard(heard)

    # --- its life -----------------------------------------------------------------------------

    def sever(self) -> None:
        """Its process is dead: it neither says nor hears anything more."""
        self._dead = True
        self._live = False
        self._stop_waiting()

    def break_off(self, pause: float | None = None) -> None:
        """The connection is lost, or the guard has ended it; then it comes back after a pause."""
        if self._dead or not self._started or self._pauses:
            return
        self._stop_waiting()
        self._number += 1
        was_live, self._live = self._live, False
        for address in self._addresses.values():
            self._broker.air.heard_at.pop(address, None)
        if was_live:
            self._tell_changed()
        self._again(pause)

    def unheard_from(self) -> None:
        """The broker answers no pings from now on: the connection is given up in a while."""
        self._stop_waiting()
        if self._live:
            # The next ping is up to a keepalive away, and is waited for as long.
            wait = KEEPALIVE * self._random.uniform(1, 2)
            self._keepalive = self._broker.loop.call_later(wait, self.break_off)

    def heard_from(self) -> None:
        """The broker answers again."""
        self._stop_waiting()

    def _stop_waiting(self) -> None:
        if self._keepalive is not None:
            self._keepalive.cancel()
            self._keepalive = None

    def _connect(self) -> None:
        if self._dead:
            return
        self._pauses = False
        self._number += 1
        number = self._number
        self._broker.connect(
            partial(self._connected, number), partial(self._if_current, number, self._again)
        )

    def _again(self, pause: float | None = None) -> None:
        self._pauses = True
        number = self._number
        wait = self._random.uniform(*RETRY) if pause is None else pause
        self._broker.loop.call_later(wait, self._if_current, number, self._connect)

    def _connected(self, number: int) -> None:
        if self._dead or number != self._number:
            return
        self._live = True
        self._tell_changed()
        # Over MQTT 3.1.1 all that is kept comes, wanted or not, and from some brokers late.
        wait = self._random.choice(_KEPT_AFTER) * self._random.random()
        self._broker.loop.call_later(wait, self.on_this_connection(self._hear_kept))

    def _hear_kept(self) -> None:
        for topic in sorted(self._by_topic.keys() & self._broker.retained.keys()):
            hear = partial(self.hear, topic, self._broker.retained[topic], retained=True)
            self._broker.to_guard(self.on_this_connection(hear))

    def _if_current(self, number: int, action: Callable[[], None]) -> None:
        if not self._dead and number == self._number:
            action()

    def _if_live(self, number: int, action: Callable[[], None]) -> None:
        if self._live and number == self._number:
            action()

    def _tell_changed(self) -> None:
        self._broker.on_connected(self._live)
        for listening in self._listeners:
            listening.changed()
