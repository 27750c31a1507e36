"""An MQTT broker in memory: it carries messages between the guard and the simulated devices.

Each connection keeps its order, as TCP does, and no session: the broker keeps nothing for who is
away but what is retained. What is said and subscribed to at QoS 1 is not lost on a connection that
stands. A bridge to a second broker, that of the devices, does keep: see `bridge`.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from random import Random
from zlib import crc32

from gasguard.drivers.bus import Heard
from gasguard.simulator.mqtt.devices import Out
from gasguard.simulator.mqtt.network import Switchboard
from tests.torture.bridge import Lane
from tests.torture.bus import GuardBus
from tests.torture.loop import TappedNetwork
from tests.torture.ways import Way

_HANDSHAKES = 6
"""Ways over the air until a connection's subscriptions are in force: TCP, CONNECT, SUBSCRIBE."""
_DEVICES_RETURN = (0.1, 2.0)
"""Bounds of the seconds that devices take to connect again."""
_FOR_EVER = float("inf")


class Sent(str):
    """A payload that remembers when and how the guard sent it."""

    __slots__ = ("at", "expires", "qos")
    at: float
    qos: int
    expires: int


class Broker:
    """One session's. For the devices it is a `gasguard.simulator.mqtt.network.Network`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, air: TappedNetwork, random: Random) -> None:
        self.loop, self.air = loop, air
        self.away = False
        """Its process is gone: connections break at once, new ones are refused."""
        self.hangs = False
        """It reads nothing; what is sent to it waits, and is dealt with when it goes on."""
        self.parted = False
        """The bridge to the devices is away."""
        self.loss = 0.0
        """Share of messages of QoS 0 that it drops on the way to a subscriber."""
        self.delay = self.jitter = 0.0
        """Seconds more that each message takes on either side, and up to so many more."""
        self.digest = 0
        """Of all messages so far: two runs of one seed must agree."""
        self.retained: dict[str, bytes] = {}
        self.said_at_qos_1: set[str] = set()
        """Topics on which devices publish so."""
        self.on_heard: Callable[[Heard], None] = lambda _heard: None
        """Called with each message that comes to the guard, just before it does."""
        self.on_connected: Callable[[bool], None] = lambda _connected: None
        """Called when the guard's connection has come or gone."""
        self.on_back: Callable[[], None] = lambda: None
        """Called when devices can connect again after it was away."""
        self.on_kept: Callable[[str, str], None] = lambda _topic, _payload: None
        """Called with topic and payload of what the guard says to devices that are away, and what
        is kept for them."""
        self._random = random
        self._switchboard: Switchboard | None = None
        self._to_broker, self._to_devices, self._to_guard = Way(loop), Way(loop), Way(loop)
        self._bridge_qos, self._expiry = 0, True
        self._to_bridge, self._from_bridge = Lane[tuple[str, Sent]](), Lane[Out]()
        self._kept_there: dict[str, Out] = {}
        """What the devices' own broker retains."""
        self._guard: GuardBus | None = None
        self._pauses_until = 0.0
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
        if not self.there(life):
            return
        if self._switchboard is not None:
            self._switchboard.connect(self.from_device)
        self.on_back()

    def from_device(self, out: Out) -> None:
        """A device, or a sensor, publishes."""
        if out.retain:
            self._kept_there[out.topic] = out
        if not self.parted:
            self._over_the_bridge(out)
        elif self._bridge_qos:
            self._from_bridge.wait(_FOR_EVER, out)

    def _over_the_bridge(self, out: Out) -> None:
        self._from_bridge.passed(self.loop.time(), out)
        self._arrive(partial(self._pass_to_guard, out))

    def _pass_to_guard(self, out: Out) -> None:
        payload = out.payload.encode(errors="surrogateescape")
        self.digest = crc32(payload, crc32(out.topic.encode(), self.digest))
        if out.retain:
            self.retained[out.topic] = payload
        guard = self._guard
        if guard is None or not guard.connected:
            return
        kept = out.topic in self.said_at_qos_1 and guard.qos(out.topic)
        if kept or not self._lost():
            self.to_guard(guard.on_this_connection(partial(guard.hear, out.topic, payload)))

    # --- the guard's side ---------------------------------------------------------------------

    def bus(self, addresses: dict[str, tuple[str, int]]) -> "GuardBus":
        """For a new process of the guard; `addresses` of the devices by the topic of a state."""
        if self._guard is not None:
            self._guard.sever()
        self._guard = GuardBus(self, addresses, self._random)
        return self._guard

    @property
    def guard_connected(self) -> bool:
        """Whether the guard has its connection."""
        return self._guard is not None and self._guard.connected

    def guard_qos(self, topic: str) -> int | None:
        """At what the guard listens to a topic; None: not at all, or it is not connected."""
        return self._guard.qos(topic) if self._guard is not None else None

    def sever(self) -> None:
        """The guard's process is dead; what it had sent is on its way all the same.

        The next one knows of no message that was too long.
        """
        self._pauses_until = 0.0
        if self._guard is not None:
            self._guard.sever()
            self._guard = None

    def from_guard(
        self,
        topic: str,
        payload: str,
        *,
        qos: int,
        expires: int,
        acknowledge: Callable[[], None] | None,
    ) -> None:
        """The guard's message leaves."""
        sent = Sent(payload)
        sent.at, sent.qos, sent.expires = self.loop.time(), qos, expires
        self._arrive(partial(self._pass_to_devices, topic, sent, acknowledge))

    def _pass_to_devices(
        self, topic: str, payload: Sent, acknowledge: Callable[[], None] | None
    ) -> None:
        self.digest = crc32(payload.encode(), crc32(topic.encode(), self.digest))
        if acknowledge is not None:
            self.to_guard(acknowledge)
        if self.parted:
            self._keep(topic, payload)
        elif self._switchboard is not None and not self._lost():
            if payload.qos:
                self._to_bridge.passed(self.loop.time(), (topic, payload))
            self._on_to_devices((topic, payload))

    def _keep(self, topic: str, payload: Sent) -> None:
        if payload.qos and self._bridge_qos:
            until = self.loop.time() + payload.expires if self._expiry else _FOR_EVER
            self._to_bridge.wait(until, (topic, payload))
            self.on_kept(topic, payload)

    def _on_to_devices(self, message: tuple[str, Sent]) -> None:
        self._to_devices.send(self._late(), partial(self._deliver, self._lives, *message))

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
            answer = partial(self._to_guard.send, 0.0, connected)
            self._to_broker.send(delay, partial(self._dealt_with, self._lives, answer))

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
        self._to_broker.go_on()
        self._to_bridge.forget()
        self._from_bridge.forget()
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
        self.hangs = self._to_broker.stalls = True
        if self._guard is not None:
            self._guard.unheard_from()

    def go_on(self) -> None:
        """It reads on where it had stopped."""
        self.hangs = False
        self._to_broker.go_on()
        self._heard_again()

    def stall(self, *, to_guard: bool, to_devices: bool) -> None:
        """What it says to one of them, or to both, is stuck on its way as long as this is so."""
        for way, stalls in ((self._to_devices, to_devices), (self._to_guard, to_guard)):
            if stalls:
                way.stalls = True
            elif way.stalls:
                way.go_on()
        if self._guard is None:
            return
        if to_guard:
            self._guard.unheard_from()
        else:
            self._heard_again()

    @property
    def stalls(self) -> bool:
        """Whether one of its ways does."""
        return self._to_guard.stalls or self._to_devices.stalls

    def _heard_again(self) -> None:
        if self._guard is not None and not (self.hangs or self._to_guard.stalls):
            self._guard.heard_from()

    def send_too_much(self, pause: float) -> None:
        """A message has come that is too long for the guard: it cuts it at its head.

        What reads packets is below what is simulated, so this is only what follows from it.
        """
        if self.guard_connected and self._guard is not None:
            self._pauses_until = self.loop.time() + pause
            self._guard.break_off(pause)

    @property
    def is_shunned(self) -> bool:
        """Whether the guard stays away from it for that."""
        return self.loop.time() < self._pauses_until

    def part(self, qos: int, unacknowledged: float, *, expiry: bool) -> None:
        """The bridge to the devices breaks.

        At QoS 1 it keeps what comes meanwhile and has no acknowledgement of the last seconds;
        without `expiry`, as in MQTT 3.1.1, for ever.
        """
        if self.parted:
            return
        self.parted, self._bridge_qos, self._expiry = True, qos, expiry
        since = self.loop.time() - unacknowledged if qos else _FOR_EVER
        self._to_bridge.break_off(since)
        self._from_bridge.break_off(since)

    def rejoin(self) -> None:
        """The bridge is back; it has `tests.torture.bridge.RETURNS_AFTER` to be away first."""
        if not self.parted:
            return
        self.parted = False
        now = self.loop.time()
        self._from_bridge.rejoin(now, self._over_the_bridge)
        for topic in sorted(self._kept_there):
            self._over_the_bridge(self._kept_there[topic])
        self._to_bridge.rejoin(now, self._on_to_devices)

    def _arrive(self, action: Callable[[], None]) -> None:
        self._to_broker.send(self._late(), partial(self._dealt_with, self._lives, action))

    def _dealt_with(self, life: int, action: Callable[[], None]) -> None:
        if self.there(life):
            action()

    def _late(self) -> float:
        more = self._random.uniform(0, self.jitter) if self.jitter else 0.0
        return self.air.latency + self.delay + more

    def _lost(self) -> bool:
        return self.loss > 0 and self._random.random() < self.loss
