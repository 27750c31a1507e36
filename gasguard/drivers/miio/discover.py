"""Finds miIO devices: a hello to everybody, and who answers."""

import asyncio
import contextlib
import socket
from collections.abc import Iterable, Sequence

from gasguard.drivers.miio.codec import HELLO, PORT, FrameError, decode

_HELLOS = 3
"""The first may be lost, and bursts upset some devices."""


class _Listener(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.heard: dict[tuple[str, int], str] = {}

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        with contextlib.suppress(FrameError):
            frame = decode(data, b"\0" * 16)
            if frame.payload is None:
                self.heard[addr[0], addr[1]] = frame.device_id.hex()


async def ask_around(
    addresses: Iterable[str], seconds: float, configured: Sequence[tuple[str, int]]
) -> dict[tuple[str, int], str]:
    """Device ids (hex) by host and port, of all that answered within so many seconds."""
    loop = asyncio.get_running_loop()
    transport, listener = await loop.create_datagram_endpoint(
        _Listener, family=socket.AF_INET, allow_broadcast=True
    )
    targets = {(address, PORT) for address in addresses} | set(configured)
    try:
        for _ in range(_HELLOS):
            for target in targets:
                with contextlib.suppress(OSError):
                    transport.sendto(HELLO, target)
            await asyncio.sleep(seconds / _HELLOS)
    finally:
        transport.close()
    return listener.heard
