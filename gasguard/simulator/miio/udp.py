"""A simulated relay on a UDP port of this machine."""

import asyncio
from collections.abc import Callable
from itertools import count
from random import Random
from typing import Any

from gasguard.simulator.miio.relay import MiRelay
from gasguard.simulator.wire import Wire

Address = tuple[str, int]

_MOST_IN_FLIGHT = 1024
_MOST_BACKLOG = 64


def _nothing() -> None:
    return None


class RelayServer(asyncio.DatagramProtocol):
    """Serves one MiRelay, with its faults between wire and device, on the running loop's time."""

    def __init__(
        self,
        relay: MiRelay,
        host: str,
        port: int,
        *,
        random: Random,
        sync: Callable[[], None] = _nothing,
    ) -> None:
        """`sync` is called before and after everything that touches the device."""
        self.relay = relay
        self.host, self.port = host, port
        self._wire = Wire(random)
        self._sync = sync
        self._loop: asyncio.AbstractEventLoop | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._numbers = count()
        self._backlog: list[tuple[bytes, Address]] = []

    async def start(self) -> None:
        """Bind. Raises OSError if the address is taken. Port 0 becomes the one that was free."""
        self._loop = asyncio.get_running_loop()
        self._transport, _ = await self._loop.create_datagram_endpoint(
            lambda: self, local_addr=(self.host, self.port)
        )
        self.port = self._transport.get_extra_info("sockname")[1]

    async def stop(self) -> None:
        """Close the port; what is on its way is lost."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        if self._transport:
            self._transport.close()
            self._transport = None

    def inject(self, now: float, **changes: Any) -> None:
        """Change faults by name (Faults has them). Raises FaultError and then changes nothing.

        At the end of `frozen` the backlog is carried out or thrown away.
        """
        faults = self.relay.faults.changed(changes)
        self._sync()
        self.relay.inject(faults, now)
        self._sync()
        if not faults.frozen:
            backlog, self._backlog = self._backlog, []
            for data, source in backlog:
                self._execute(data, source)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        faults = self.relay.faults
        for delay in self._wire.inbound(faults):
            self._later(delay, self._deliver, data, addr)

    def _deliver(self, data: bytes, source: Address) -> None:
        faults = self.relay.faults
        if not faults.frozen:
            self._execute(data, source)
        elif faults.thaw_answers and len(self._backlog) < _MOST_BACKLOG:
            self._backlog.append((data, source))

    def _execute(self, data: bytes, source: Address) -> None:
        if self._loop is None:
            return
        self._sync()
        replies = self.relay.receive(data, source[0], self._loop.time())
        self._sync()
        for reply in replies:
            for extra in self._wire.outbound(self.relay.faults):
                self._later(reply.delay + extra, self._send, reply.data, source)

    def _later(
        self, delay: float, action: Callable[[bytes, Address], None], data: bytes, peer: Address
    ) -> None:
        """Call `action` after `delay`; beyond a bound on what is in flight, drop the datagram."""
        if delay <= 0:
            action(data, peer)
            return
        if self._loop is None or len(self._timers) >= _MOST_IN_FLIGHT:
            return
        # By number: a timer that knew itself would be garbage for the collector, one a datagram.
        number = next(self._numbers)
        self._timers[number] = self._loop.call_later(delay, self._due, number, action, data, peer)

    def _due(
        self, number: int, action: Callable[[bytes, Address], None], data: bytes, peer: Address
    ) -> None:
        del self._timers[number]
        action(data, peer)

    def _send(self, data: bytes, peer: Address) -> None:
        faults = self.relay.faults
        if self._transport is None or self._loop is None or faults.offline or faults.frozen:
            return
        if self.relay.answers(self._loop.time()):
            self._transport.sendto(data, peer)
