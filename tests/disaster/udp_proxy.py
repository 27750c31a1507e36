"""A bad wire: passes datagrams on, some lost, late, out of order or twice, in both directions."""

import asyncio
import random
import socket
import threading
from dataclasses import dataclass
from typing import Any

Address = tuple[str, int]
_HOST = "127.0.0.1"


@dataclass(frozen=True)
class Wire:
    """Shares from 0 to 1, seconds. Each datagram draws a delay of its own: so they overtake."""

    loss: float = 0.0
    twice: float = 0.0
    least_delay: float = 0.0
    most_delay: float = 0.0


class UdpProxy:
    """Listens on a port of its own and talks to 127.0.0.1:`target`, on a thread of its own."""

    def __init__(
        self, target: int, wire: Wire, seed: int, inside: socket.socket | None = None
    ) -> None:
        """`inside` is a socket to listen on that is bound already."""
        self.passed = self.lost = self.doubled = self.overtaken = 0
        self.wire = wire
        """May be replaced at any time."""
        self._target, self._random = (_HOST, target), random.Random(seed)
        self._newest = 0
        self._numbers = 0
        self._outwards: dict[Address, asyncio.DatagramTransport] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="udp proxy")
        self._thread.start()
        self._inside = self._run(self._listen(inside))
        self.port: int = self._inside.get_extra_info("sockname")[1]

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self, inside: socket.socket | None) -> asyncio.DatagramTransport:
        transport, _ = await self._loop.create_datagram_endpoint(
            lambda: _Side(self._from_client),
            local_addr=None if inside else (_HOST, 0),
            sock=inside,
        )
        return transport

    def _from_client(self, data: bytes, client: Address) -> None:
        if client in self._outwards:
            self._carry(self._outwards[client], data, None)
        else:
            self._loop.create_task(self._open_for(client, data))

    async def _open_for(self, client: Address, data: bytes) -> None:
        outward, _ = await self._loop.create_datagram_endpoint(
            lambda: _Side(lambda answer, _: self._carry(self._inside, answer, client)),
            remote_addr=self._target,
        )
        self._outwards.setdefault(client, outward)
        self._carry(self._outwards[client], data, None)

    def _carry(self, out: asyncio.DatagramTransport, data: bytes, to: Address | None) -> None:
        draw, wire = self._random, self.wire
        if draw.random() < wire.loss:
            self.lost += 1
            return
        copies = 1 + (draw.random() < wire.twice)
        self.doubled += copies - 1
        for _ in range(copies):
            self._numbers += 1
            delay = draw.uniform(wire.least_delay, wire.most_delay)
            self._loop.call_later(delay, self._arrive, out, data, to, self._numbers)

    def _arrive(
        self, out: asyncio.DatagramTransport, data: bytes, to: Address | None, number: int
    ) -> None:
        self.passed += 1
        self.overtaken += number < self._newest
        self._newest = max(self._newest, number)
        if not out.is_closing():
            out.sendto(data, to)

    def close(self) -> None:
        """Pass nothing on any more."""

        async def end() -> None:
            for transport in (self._inside, *self._outwards.values()):
                transport.close()
            await asyncio.sleep(0)

        self._run(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


class _Side(asyncio.DatagramProtocol):
    def __init__(self, received: Any) -> None:
        self._received = received

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._received(data, addr)

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there, for the moment: a wire does not care."""
