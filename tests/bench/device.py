"""A relay on UDP whose contact moves, and whose answer leaves, a fixed time after the datagram."""

import asyncio
from collections.abc import Callable
from random import Random

from gasguard.simulator.channels import ChannelSpec
from gasguard.simulator.miio.relay import MiRelay
from gasguard.simulator.wire import Wire
from tests.bench.site import DEVICE_DELAY, PIID, PORT, SIID, TOKEN

Address = tuple[str, int]


class Device(asyncio.DatagramProtocol):
    """The shipped simulator's relay and wire; only the delay sits before execution, not behind it.

    (The simulator's own server executes at once and delays the answer: a contact that opens before
    the device has had time to would flatter everyone.)
    """

    def __init__(self, host: str, seed: str, moved: Callable[[bool], None]) -> None:
        """`moved(is_open)` is called at the very moment the contact moves; switch on is open."""
        self._loop = asyncio.get_running_loop()
        random = Random(seed)
        self._host = host
        self._wire = Wire(random)
        self._transport: asyncio.DatagramTransport | None = None
        self._relay = MiRelay(
            bytes.fromhex(TOKEN),
            random.getrandbits(32),
            [ChannelSpec(SIID, PIID)],
            random=random,
            now=self._loop.time(),
            processing_s=0.0,
        )
        self._relay.listeners.append(lambda _siid, _piid, value, _at: moved(value))

    async def start(self) -> None:
        """Bind. Raises OSError if the address is taken."""
        self._transport, _ = await self._loop.create_datagram_endpoint(
            lambda: self, local_addr=(self._host, PORT)
        )

    def lose(self, share: float) -> None:
        """Lose this share of datagrams, each way, from now on."""
        faults = self._relay.faults.changed({"loss_in": share, "loss_out": share})
        self._relay.inject(faults, self._loop.time())

    def switch_by_hand(self, value: bool) -> None:
        """Somebody switches it in Mi Home."""
        self._relay.mi_home_switch(SIID, PIID, value, self._loop.time())

    def datagram_received(self, data: bytes, addr: Address) -> None:
        for extra in self._wire.inbound(self._relay.faults):
            self._loop.call_later(DEVICE_DELAY + extra, self._execute, data, addr)

    def _execute(self, data: bytes, source: Address) -> None:
        for reply in self._relay.receive(data, source[0], self._loop.time()):
            for extra in self._wire.outbound(self._relay.faults):
                self._loop.call_later(extra, self._send, reply.data, source)

    def _send(self, data: bytes, peer: Address) -> None:
        if self._transport is not None:
            self._transport.sendto(data, peer)
