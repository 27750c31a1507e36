"""Simulated devices between the broker and their relays, with their faults."""

import asyncio
from collections.abc import Callable
from functools import partial
from itertools import count
from random import Random
from typing import Any

from gasguard.simulator.mqtt.devices import Device, Out
from gasguard.simulator.mqtt.module import MqttModule
from gasguard.simulator.wire import Wire

_PROCESSING_S = 0.02
"""Seconds from a message to what the device does about it."""
_MOST_IN_FLIGHT = 1024
_MOST_BACKLOG = 256
_APART = 1e-6
"""Seconds between two messages on one way: timers of one moment would go off in any order."""


class MqttServer:
    """One device. `connect` gives it the way to the broker."""

    def __init__(self, device: Device, *, random: Random, sync: Callable[[], None]) -> None:
        """`sync` is called before and after everything that touches the device."""
        self.device = device
        self.relay: MqttModule = device.module
        self._wire = Wire(random)
        self._sync = sync
        self._publish: Callable[[Out], None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._numbers = count()
        self._backlog: list[tuple[str, str]] = []
        """What came while it was frozen and is carried out at the thaw."""
        self._last_in = self._last_out = float("-inf")
        self.relay.listeners.append(lambda siid, piid, _on, _at: self._switched((siid, piid)))

    def connect(self, publish: Callable[[Out], None]) -> None:
        """The broker is there."""
        self._loop, self._publish = asyncio.get_running_loop(), publish
        self._tell_status()

    def disconnect(self) -> None:
        """The broker is away; what is on its way is lost."""
        self._publish = None
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._backlog.clear()
        self._last_in = self._last_out = float("-inf")

    def inject(self, now: float, **changes: Any) -> None:
        """Change faults by name (Faults has them). Raises FaultError and then changes nothing.

        At the end of `frozen` the backlog is carried out or thrown away.
        """
        faults = self.relay.faults.changed(changes)
        self._sync()
        self.relay.inject(faults, now)
        self._sync()
        self._tell_status()
        if not faults.frozen:
            backlog, self._backlog = self._backlog, []
            for topic, payload in backlog:
                self._execute(topic, payload)

    def deliver(self, topic: str, payload: str) -> None:
        """A message from the broker."""
        for delay in self._wire.inbound(self.relay.faults):
            delay, self._last_in = self._in_order(delay + _PROCESSING_S, self._last_in)
            self._later(delay, partial(self._execute, topic, payload))

    def _execute(self, topic: str, payload: str) -> None:
        faults = self.relay.faults
        if faults.frozen and faults.thaw_answers and len(self._backlog) < _MOST_BACKLOG:
            self._backlog.append((topic, payload))
        if self._loop is None or faults.frozen:
            return
        now = self._loop.time()
        self._sync()
        if self.relay.answers(now):
            self.say(self.device.receive(topic, payload, now))
        self._sync()

    def _switched(self, key: tuple[int, int]) -> None:
        self.say(self.device.switched(key))

    def say(self, said: list[Out]) -> None:
        """Publish, as far as the faults allow."""
        if not said or self.relay.faults.frozen:
            return
        # What is said at once goes one way together, in its order.
        for delay in self._wire.outbound(self.relay.faults):
            delay, self._last_out = self._in_order(delay, self._last_out)
            self._later(delay, partial(self._send, said))

    def _in_order(self, delay: float, last: float) -> tuple[float, float]:
        """TCP and Zigbee's queues keep the order, unless `reorder` says otherwise."""
        if self._loop is None or self.relay.faults.reorder:
            return delay, last
        now = self._loop.time()
        at = max(now + delay, last + _APART)
        return at - now, at

    def _later(self, delay: float, action: Callable[[], None]) -> None:
        if self._loop is None or self._publish is None:
            return
        if delay <= 0:
            action()
        elif len(self._timers) < _MOST_IN_FLIGHT:
            # By number: a timer that knew itself would be garbage for the collector.
            number = next(self._numbers)
            self._timers[number] = self._loop.call_later(delay, self._due, number, action)

    def _due(self, number: int, action: Callable[[], None]) -> None:
        del self._timers[number]
        action()

    def _send(self, said: list[Out]) -> None:
        for out in said:
            if self._publish is not None:
                self._publish(out)

    def _tell_status(self) -> None:
        """The last will, or Zigbee2MQTT's ping, comes past the device's own faults."""
        online = not (self.relay.faults.offline or self.relay.faults.unpowered)
        self._send(self.device.status(online))
