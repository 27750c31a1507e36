"""Datagrams to one device, by a socket that is not trusted to know how the network is now.

It is never connected: its route and its own address are chosen for each datagram. It is replaced
after any error and after some silence, for what remembers its port on the way (a router's table).
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import cast

from gasguard.drivers.miio.place import Place
from gasguard.errors import Unreachable

log = logging.getLogger(__name__)

SILENT_AFTER = 1.5
"""Seconds of sending without an answer after which socket and address are doubted."""


class Wire:
    """One device's. `received` gets what comes from its address, and nothing from elsewhere."""

    def __init__(self, place: Place, received: Callable[[bytes], None]) -> None:
        self._place, self._received = place, received
        self._socket: asyncio.DatagramTransport | None = None
        self._opening = asyncio.Lock()
        self._doubted = False
        self._unheard_since: float | None = None
        self.failed_at = float("-inf")
        """Loop time of the last datagram that did not leave this machine."""
        self.failure = ""
        """Why it did not."""

    async def ready(self) -> None:
        """Have an address to send to and a socket to send by. Raises Unreachable."""
        await self._place.known()
        async with self._opening:
            if self._is_silent:
                self._doubt()
            if self._socket is None or self._doubted:
                await self._open()

    async def _open(self) -> None:
        self.close()
        loop = asyncio.get_running_loop()
        try:
            self._socket, _ = await loop.create_datagram_endpoint(
                lambda: _Ear(self), family=socket.AF_INET
            )
        except OSError as error:
            raise Unreachable(f"{self._place.named}: {error.strerror or error}") from None
        self._doubted, self._unheard_since = False, None

    @property
    def _is_silent(self) -> bool:
        since = self._unheard_since
        return since is not None and asyncio.get_running_loop().time() - since > SILENT_AFTER

    def _doubt(self) -> None:
        self._doubted = True
        self._place.doubt()

    def send(self, data: bytes) -> None:
        """Send now or never: nothing that cannot leave at once may leave later."""
        address = self._place.address
        if self._socket is None or address is None:
            return
        self._socket.sendto(data, address)
        # Of asyncio's own datagram transports, though their type does not say so.
        if cast(asyncio.WriteTransport, self._socket).get_write_buffer_size():
            self.failed(OSError(None, "the network takes nothing"))
            self._socket.abort()
        if self._unheard_since is None:
            self._unheard_since = asyncio.get_running_loop().time()

    def answered(self) -> None:
        """What came was the device's own: all is well."""
        self._unheard_since = None

    def failed(self, error: OSError) -> None:
        """A datagram did not leave, or came back as undeliverable."""
        log.debug("%s: %s", self._place.named, error)
        self.failed_at = asyncio.get_running_loop().time()
        self.failure = error.strerror or str(error)
        self._doubt()

    def heard(self, data: bytes, source: tuple[str, int]) -> None:
        """A datagram from anywhere."""
        if source[:2] == self._place.address:
            self._received(data)

    def close(self) -> None:
        """Give the socket back."""
        if self._socket is not None:
            self._socket.abort()
            self._socket = None


class _Ear(asyncio.DatagramProtocol):
    """One socket's: what an old socket still says is told apart from the new one's end."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._wire.heard(data, addr)

    def error_received(self, exc: Exception) -> None:
        if isinstance(exc, OSError):
            self._wire.failed(exc)
