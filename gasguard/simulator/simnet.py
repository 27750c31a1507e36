"""UDP in memory for the simulated loop: delays from a seed, order kept where delays are equal."""

import asyncio
import errno
import heapq
import ipaddress
from functools import lru_cache
from random import Random
from typing import Any, NamedTuple

Address = tuple[str, int]

_FIRST_FREE_PORT = 49152
_WILDCARD = "0.0.0.0"  # noqa: S104 - compared with, never bound


class Born(NamedTuple):
    """What the network was like when an endpoint was opened."""

    moves: int
    """How often the machine had got another address."""
    flows: int
    """How often a router on the way had forgotten who speaks to whom."""


class SimulatedEndpoint(asyncio.DatagramTransport):
    """One socket of the simulated network."""

    def __init__(
        self,
        network: "SimulatedNetwork",
        protocol: asyncio.DatagramProtocol,
        local: Address,
        remote: Address | None,
        born: "Born | None" = None,
    ) -> None:
        """`born` for one that chose no address: it has the machine's."""
        super().__init__({"sockname": local, "peername": remote, "socket": None})
        self.protocol = protocol
        self.local = local
        self.remote = remote
        self.born = born
        self._network = network
        self._closing = False

    def sendto(self, data: Any, addr: Any = None) -> None:
        """As asyncio's: `addr` may be left out only on a connected endpoint."""
        if not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(f"data argument must be bytes-like, not {type(data).__name__}")
        if self.remote and addr not in (None, self.remote):
            raise ValueError(f"Invalid address: must be None or {self.remote}")
        target = addr or self.remote
        if target is None:
            raise ValueError("an endpoint that is not connected needs an address to send to")
        if not self._closing and self._network.takes(self):
            self._network.send(bytes(data), self.local, plain(target))

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._network.forget(self)
            self._network.loop.call_soon(self.protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()

    def is_closing(self) -> bool:
        return self._closing

    def get_write_buffer_size(self) -> int:
        return 0

    def receive(self, data: bytes, source: Address) -> None:
        """A datagram has arrived; a connected endpoint takes only its peer's."""
        if not self._closing and self.remote in (None, source):
            self.protocol.datagram_received(data, source)


class SimulatedNetwork:
    """Every endpoint of one loop. Datagrams to nobody vanish, as on a network with a dead host."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, *, latency: float, jitter: float, random: Random
    ) -> None:
        self.loop = loop
        self.latency, self.jitter = latency, jitter
        self._random = random
        self._endpoints: dict[Address, SimulatedEndpoint] = {}
        self._in_flight: list[tuple[float, int, bytes, Address, Address, int]] = []
        self._sent = 0
        self.routed = True
        """False: the machine has no address. What it sends fails, what comes to it is lost."""
        self._now = Born(0, 0)

    def open(
        self,
        protocol: asyncio.DatagramProtocol,
        local: Address | None,
        remote: Address | None,
    ) -> SimulatedEndpoint:
        """A new endpoint. Without an address, or with port 0, it gets a free port."""
        host, port = plain(local or ("127.0.0.1", 0))
        if remote and host == _WILDCARD:
            host = "127.0.0.1"
        port = port or self._free_port(host)
        if (host, port) in self._endpoints:
            raise OSError(errno.EADDRINUSE, f"simulated address {host}:{port} is taken")
        peer = plain(remote) if remote else None
        born = self._now if local is None else None
        endpoint = SimulatedEndpoint(self, protocol, (host, port), peer, born)
        self._endpoints[host, port] = endpoint
        return endpoint

    def forget(self, endpoint: SimulatedEndpoint) -> None:
        """The endpoint is closed; its address is free again."""
        self._endpoints.pop(endpoint.local, None)

    def move(self) -> None:
        """The machine gets another address: a connected endpoint keeps the old one, for ever."""
        self._now = self._now._replace(moves=self._now.moves + 1)

    def forget_flows(self) -> None:
        """A router on the way forgets: from ports that have spoken nothing passes any more."""
        self._now = self._now._replace(flows=self._now.flows + 1)

    def takes(self, endpoint: SimulatedEndpoint) -> bool:
        """Whether what this endpoint sends gets out. Where the machine has no way, it is told."""
        born = endpoint.born
        if born is None:
            return True
        if not self.routed or (endpoint.remote and born.moves < self._now.moves):
            error = OSError(errno.ENETUNREACH, "Network is unreachable")
            endpoint.protocol.error_received(error)
            return False
        return True

    def _reaches(self, endpoint: SimulatedEndpoint, sent_to: int) -> bool:
        """Whether what was sent while the machine had moved so often still finds it."""
        born, now = endpoint.born, self._now
        return born is None or (self.routed and sent_to == now.moves and born.flows == now.flows)

    def send(self, data: bytes, source: Address, target: Address) -> None:
        """Put a datagram on its way."""
        sender = self._endpoints.get(source)
        if sender is not None and sender.born and sender.born.flows != self._now.flows:
            return
        delay = self.latency + (self._random.uniform(0, self.jitter) if self.jitter else 0.0)
        if source[0] == _WILDCARD:
            source = ("127.0.0.1", source[1])
        at = self.loop.time() + delay
        self._sent += 1
        heapq.heappush(self._in_flight, (at, self._sent, data, source, target, self._now.moves))
        # Timers that are due at the same moment fire in any order; the heap above keeps it.
        self.loop.call_at(at, self._arrive)

    def _arrive(self) -> None:
        _, _, data, source, target, moves = heapq.heappop(self._in_flight)
        endpoint = self._endpoints.get(target) or self._endpoints.get((_WILDCARD, target[1]))
        if endpoint and self._reaches(endpoint, moves):
            self._deliver(endpoint, data, source)

    def _deliver(self, endpoint: SimulatedEndpoint, data: bytes, source: Address) -> None:
        endpoint.receive(data, source)

    def _free_port(self, host: str) -> int:
        taken = {port for _, port in self._endpoints}
        return next(port for port in range(_FIRST_FREE_PORT, 65536) if port not in taken)


def plain(address: Any) -> Address:
    """(host, port) as it is compared; names other than localhost have no place here."""
    return _plain_host(address[0]), address[1]


@lru_cache(maxsize=256)
def _plain_host(host: str | None) -> str:
    if host in ("localhost", "", None):
        return "127.0.0.1"
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        raise OSError(errno.EADDRNOTAVAIL, f"simulated network knows no name {host!r}") from None
