"""An MQTT broker in memory: it carries messages between the guard and the simulated devices.

Each connection keeps its order, as TCP does. Devices and guard subscribe at QoS 0 and without a
session, so the broker keeps nothing for who is away but what is retained.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from random import Random
from zlib import crc32

from gasguard.drivers.mqtt.bus import Heard, Listening
from gasguard.drivers.mqtt.connection import RETRY
from gasguard.mqtt_link import KEEPALIVE
from gasguard.simulator.mqtt.devices import Out
from gasguard.simulator.mqtt.link import Switchboard
from gasguard.torture.loop import TappedNetwork

_APART = 1e-6
"""Seconds between two messages on one way: timers of one moment would go off in any order."""
_HANDSHAKES = 6
"""Ways over the air until a connection's subscriptions are in force: TCP, CONNECT, SUBSCRIBE."""
_DEVICES_RETURN = (0.1, 2.0)
"""Bounds of the seconds that devices take to connect again."""
_NEVER = float("-inf")


class Sent(str):
    """A payload that remembers when the guard sent it."""

    __slots__ = ("at",)
    at: float


class _Way:
    """One direction of a network: what is sent arrives late, and in order."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._last = loop, _NEVER
        self._on_the_way: deque[Callable[[], None]] = deque()

    def send(self, delay: float, arrive: Callable[[], None]) -> None:
        self._last = max(self._loop.time() + delay, self._last + _APART)
        self._on_the_way.append(arrive)
        self._loop.call_at(self._last, self._arrived)

    def _arrived(self) -> None:
        self._on_the_way.popleft()()


class Broker:
    """One session's. For the devices it is a `gasguard.simulator.mqtt.link.Network`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, air: TappedNetwork, random: Random) -> None:
        self.loop, self.air = loop, air
        self.away = False
        """Its process is gone: connections break at once, new ones are refused."""
        self.hangs = False
        """It reads nothing; what is sent to it waits, and is dealt with when it goes on."""
        self.loss = 0.0
        """Share of messages that it drops on the way to a subscriber: all are of QoS 0."""
        self.delay = self.jitter = 0.0
        """Seconds more that each message takes on either side, and up to so many more."""
        self.digest = 0
        """Of all messages so far: two runs of one seed must agree."""
        self.retained: dict[str, bytes] = {}
        self._random = random
        self._switchboard: Switchboard | None = None
        self._to_broker, self._to_devices, self._to_guard = _Way(loop), _Way(loop), _Way(loop)
        self._held: deque[Callable[[], None]] = deque()
        self._guard: GuardBus | None = None
        self._lives = 0
        """Counts its starts: what was on its way to an earlier one is lost."""

    # --- the devices' side --------------------------------------------------------------------

    def start(self, switchboard: Switchboard) -> None:
        """See `Network.start`."""
        self._switchboard = switchboard
        self._devices_connect(self._lives)

    async def stop(self) -> None:
        """See `Network.stop`."""
        self._switchboard = None

    def _devices_connect(self, life: int) -> None:
        if self._switchboard is not None and self.there(life):
            self._switchboard.connect(self._from_device)

    def _from_device(self, out: Out) -> None:
        self._arrive(partial(self._pass_to_guard, out))

    def _pass_to_guard(self, out: Out) -> None:
        payload = out.payload.encode()
        self.digest = crc32(payload, crc32(out.topic.encode(), self.digest))
        if out.retain:
            self.retained[out.topic] = payload
        guard = self._guard
        if guard is not None and guard.connected and not self._lost():
            self.to_guard(guard.on_this_connection(partial(guard.hear, out.topic, payload)))

    # --- the guard's side ---------------------------------------------------------------------

    def bus(self, addresses: dict[str, tuple[str, int]]) -> "GuardBus":
        """For a new process of the guard; `addresses` of the devices by the topic of a state."""
        if self._guard is not None:
            self._guard.sever()
        self._guard = GuardBus(self, addresses, self._random)
        return self._guard

    def sever(self) -> None:
        """The guard's process is dead; what it had sent is on its way all the same."""
        if self._guard is not None:
            self._guard.sever()
            self._guard = None

    def from_guard(self, topic: str, payload: str, acknowledge: Callable[[], None] | None) -> None:
        """The guard's message leaves."""
        sent = Sent(payload)
        sent.at = self.loop.time()
        self._arrive(partial(self._pass_to_devices, topic, sent, acknowledge))

    def _pass_to_devices(
        self, topic: str, payload: Sent, acknowledge: Callable[[], None] | None
    ) -> None:
        self.digest = crc32(payload.encode(), crc32(topic.encode(), self.digest))
        if acknowledge is not None:
            self.to_guard(acknowledge)
        if self._switchboard is not None and not self._lost():
            deliver = partial(self._deliver, self._lives, topic, payload)
            self._to_devices.send(self._late(), deliver)

    def _deliver(self, life: int, topic: str, payload: Sent) -> None:
        if self._switchboard is not None and self.there(life):
            self._switchboard.deliver(topic, payload)

    def to_guard(self, action: Callable[[], None]) -> None:
        """What the broker itself says on the guard's connection."""
        self._to_guard.send(self._late(), action)

    def connect(self, connected: Callable[[], None], refused: Callable[[], None]) -> None:
        """The guard connects; a broker that hangs answers when it goes on."""
        delay = _HANDSHAKES * self.air.latency
        if self.away:
            self.loop.call_later(delay, refused)
        else:
            self._to_broker.send(delay, partial(self._dealt_with, self._lives, connected))

    # --- trouble ------------------------------------------------------------------------------

    def there(self, life: int) -> bool:
        """Whether it is there, and has been since its start number `life`."""
        return not self.away and life == self._lives

    def leave(self) -> None:
        """It is gone, with all that it had not passed on."""
        if self.away:
            return
        self.away, self.hangs = True, False
        self._lives += 1
        self._held.clear()
        if self._switchboard is not None:
            self._switchboard.disconnect()
        if self._guard is not None:
            self.loop.call_later(self.air.latency, self._guard.break_off)

    def come_back(self) -> float:
        """It is there again, with what was retained. Returns in how many seconds the devices are.

        The guard has to see to its own connection.
        """
        if not self.away:
            return 0.0
        self.away = False
        delay = self._random.uniform(*_DEVICES_RETURN)
        self.loop.call_later(delay, self._devices_connect, self._lives)
        return delay

    def hang(self) -> None:
        """It stops to read, with all connections open."""
        if self.away or self.hangs:
            return
        self.hangs = True
        if self._guard is not None:
            self._guard.unheard_from()

    def go_on(self) -> None:
        """It reads on where it had stopped."""
        self.hangs = False
        held, self._held = self._held, deque()
        for action in held:
            action()
        if self._guard is not None:
            self._guard.heard_from()

    def _arrive(self, action: Callable[[], None]) -> None:
        self._to_broker.send(self._late(), partial(self._dealt_with, self._lives, action))

    def _dealt_with(self, life: int, action: Callable[[], None]) -> None:
        if not self.there(life):
            return
        if self.hangs:
            self._held.append(action)
        else:
            action()

    def _late(self) -> float:
        more = self._random.uniform(0, self.jitter) if self.jitter else 0.0
        return self.air.latency + self.delay + more

    def _lost(self) -> bool:
        return self.loss > 0 and self._random.random() < self.loss


class GuardBus:
    """The connection of one process of the guard: a `gasguard.drivers.mqtt.bus.Bus`."""

    address = "broker:1883"

    def __init__(
        self, broker: Broker, addresses: dict[str, tuple[str, int]], random: Random
    ) -> None:
        self._broker, self._addresses, self._random = broker, addresses, random
        self._listeners: list[Listening] = []
        self._started = self._dead = self._live = False
        self._number = 0
        """Of the connection, tried or live."""
        self._keepalive: asyncio.TimerHandle | None = None

    @property
    def connected(self) -> bool:
        """See `Bus.connected`."""
        return self._live

    def attach(self, listening: Listening) -> None:
        """See `Bus.attach`."""
        self._listeners.append(listening)

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
        """See `Bus.publish`. Nobody here is away with a session: nothing is kept to expire."""
        if not self._live:
            return False
        if not self._broker.air.leaves(f"{topic}\0{payload}".encode(), (self.address, 0)):
            return False
        acknowledge = None
        if qos and acknowledged is not None:
            acknowledge = self.on_this_connection(acknowledged)
        self._broker.from_guard(topic, payload, acknowledge)
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
            self._broker.air.heard_from.add(self._addresses[topic])
        heard = Heard(topic, payload, retained)
        for listening in self._listeners:
            if topic in listening.topics or topic in listening.kept_topics:
                listening.heard(heard)

    # --- its life -----------------------------------------------------------------------------

    def sever(self) -> None:
        """Its process is dead: it neither says nor hears anything more."""
        self._dead = True
        self._live = False
        self._stop_waiting()

    def break_off(self) -> None:
        """The connection is lost."""
        if self._dead or not self._started:
            return
        self._stop_waiting()
        self._number += 1
        was_live, self._live = self._live, False
        self._broker.air.heard_from.difference_update(self._addresses.values())
        if was_live:
            self._tell_changed()
        self._again()

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
        self._number += 1
        number = self._number
        self._broker.connect(
            partial(self._connected, number), partial(self._if_current, number, self._again)
        )

    def _again(self) -> None:
        number = self._number
        wait = self._random.uniform(*RETRY)
        self._broker.loop.call_later(wait, self._if_current, number, self._connect)

    def _connected(self, number: int) -> None:
        if self._dead or number != self._number:
            return
        self._live = True
        self._tell_changed()
        kept = sorted({topic for one in self._listeners for topic in one.kept_topics})
        for topic in kept:
            if topic in self._broker.retained:
                payload = self._broker.retained[topic]
                hear = partial(self.hear, topic, payload, retained=True)
                self._broker.to_guard(self.on_this_connection(hear))

    def _if_current(self, number: int, action: Callable[[], None]) -> None:
        if not self._dead and number == self._number:
            action()

    def _if_live(self, number: int, action: Callable[[], None]) -> None:
        if self._live and number == self._number:
            action()

    def _tell_changed(self) -> None:
        for listening in self._listeners:
            listening.changed()
