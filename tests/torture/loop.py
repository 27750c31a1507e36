"""Simulated time with a network that can be listened to, and cut the moment the guard dies."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from itertools import cycle
from typing import Any, TypeVar
from zlib import crc32

from gasguard.simulator.seeding import stream
from gasguard.simulator.simnet import Address, SimulatedEndpoint, SimulatedNetwork
from gasguard.simulator.simtime import SimulatedLoop
from tests.torture.disk import Disk
from tests.torture.names import Names

T = TypeVar("T")

_SENT_KEPT = 4096
_PORTS = range(49152, 65536)
"""Those that an operating system chooses from."""


class TappedNetwork(SimulatedNetwork):
    """Knows what the guard sent and when. Endpoints that chose no address are the guard's."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, latency: float, seed: int) -> None:
        random = stream(seed, "network")
        super().__init__(loop, latency=latency, jitter=0.0, random=random)
        self.cut = True
        """The guard is dead: nothing that still runs of it reaches the air."""
        self.on_send: Callable[[bytes, Address], None] | None = None
        """Called with each datagram of the guard before it leaves."""
        self.digest = 0
        """Of every datagram so far: two runs of one seed must agree."""
        self.sent_at: dict[bytes, float] = {}
        """When the guard sent a datagram; devices see the same bytes later."""
        self.recent: deque[tuple[float, bytes, Address]] = deque(maxlen=64)
        """What the guard sent last."""
        self.heard_at: dict[Address, float] = {}
        """When the living guard last heard each device; what a broker has kept apart."""
        self.names = Names(loop, {})
        self._guards: dict[Address, SimulatedEndpoint] = {}
        self._ports = cycle(_PORTS)

    def open(
        self, protocol: asyncio.DatagramProtocol, local: Address | None, remote: Address | None
    ) -> SimulatedEndpoint:
        """As the simulated network's."""
        endpoint = super().open(protocol, local, remote)
        if local is None:
            self._guards[endpoint.local] = endpoint
        return endpoint

    def connect(self) -> None:
        """A new guard is about to start."""
        self.heard_at.clear()
        self.names.forget()
        self.cut = False

    def sever(self) -> None:
        """The guard is dead: its sockets are gone at once, whatever its tasks still do."""
        self.cut = True
        for endpoint in self._guards.values():
            endpoint.close()
        self._guards.clear()

    def leaves(self, data: bytes, target: Address) -> bool:
        """The guard sends something, by whatever network; False if it is dead."""
        if not self.cut and self.on_send is not None:
            self.on_send(data, target)
        if not self.cut:
            self.recent.append((self.loop.time(), data, target))
        return not self.cut

    def send(self, data: bytes, source: Address, target: Address) -> None:
        """Put a datagram on its way, unless a dead guard sent it."""
        if source in self._guards:
            real = self.names.real(target)
            if not self.leaves(data, real or target) or real is None:
                return
            target = real
            if len(self.sent_at) > _SENT_KEPT:
                for old in list(self.sent_at)[: _SENT_KEPT // 2]:
                    del self.sent_at[old]
            self.sent_at[data] = self.loop.time()
        elif target in self._guards:
            source = self.names.seen(source)
        self.digest = crc32(data, self.digest)
        super().send(data, source, target)

    def _deliver(self, endpoint: SimulatedEndpoint, data: bytes, source: Address) -> None:
        if endpoint.local in self._guards:
            self.heard_at[self.names.real(source) or source] = self.loop.time()
        super()._deliver(endpoint, data, source)

    def _free_port(self, host: str) -> int:
        # None is given again soon: what still comes for a dead guard is not for the next one.
        return next(port for port in self._ports if (host, port) not in self._endpoints)


class TortureLoop(SimulatedLoop):
    """The simulated loop with that network, and with a disk that takes its time."""

    def __init__(self, *, seed: int, latency: float) -> None:
        super().__init__(seed=seed)
        self.air = TappedNetwork(self, latency=latency, seed=seed)
        self.network = self.air

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> "asyncio.Future[T]":
        """What is meant for the simulated disk goes there."""
        if isinstance(executor, Disk):
            return executor.run(lambda: func(*args))
        return super().run_in_executor(executor, func, *args)
