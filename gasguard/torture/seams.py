"""Where the program's luck comes from, replaced for one session: ids, poll jitter, and the codec.

With `fast` the datagrams carry a reference in place of encrypted JSON: what python-miio's codec
costs, and what it proves, is left out.
"""

import contextlib
from collections.abc import Iterator
from functools import partial
from random import Random
from types import SimpleNamespace
from typing import Any
from unittest import mock

from gasguard import keeper
from gasguard.drivers.miio import transport
from gasguard.drivers.miio.codec import Frame, FrameError
from gasguard.drivers.miio.codec import decode as real_decode
from gasguard.drivers.mqtt import relay as mqtt_relay
from gasguard.simulator import relay
from gasguard.simulator.seeding import stream
from gasguard.torture import house

_HEADER = 32


class PlainCodec:
    """Frames whose body is a number, and the payload it stands for; for one session."""

    def __init__(self) -> None:
        self._payloads: list[dict[str, Any]] = []

    def encode(self, token: bytes, device_id: bytes, stamp: int, payload: dict[str, Any]) -> bytes:
        """As the codec's; the token stands where the checksum would."""
        number = len(self._payloads)
        self._payloads.append(payload)
        head = b"\x21\x31\x00\x24\0\0\0\0" + device_id
        return head + (stamp % 2**32).to_bytes(4, "big") + token + number.to_bytes(4, "big")

    def decode(self, data: bytes, token: bytes) -> Frame:
        """The inverse; hellos are the codec's own."""
        if len(data) <= _HEADER:
            return real_decode(data, token)
        if data[16:32] != token:
            raise FrameError("another token")
        payload = self._payloads[int.from_bytes(data[_HEADER:], "big")]
        return Frame(data[8:12], int.from_bytes(data[12:16], "big"), payload, data[16:32])


@contextlib.contextmanager
def seams(seed: int, *, fast: bool) -> Iterator[None]:
    """Everything random in driver and keeper comes from `seed` inside the block."""
    ids: Random = stream(seed, "message ids")
    with contextlib.ExitStack() as stack:

        def put(module: object, name: str, value: object) -> None:
            stack.enter_context(mock.patch.object(module, name, value))

        put(transport, "secrets", SimpleNamespace(randbelow=ids.randrange))
        put(transport, "_ids", transport.MessageIds())
        put(mqtt_relay, "secrets", SimpleNamespace(token_hex=partial(_token_hex, ids)))
        put(keeper, "random", stream(seed, "keeper"))
        if fast:
            plain = PlainCodec()
            for module in (transport, relay):
                put(module, "encode", plain.encode)
                put(module, "decode", plain.decode)
            put(house, "decode", plain.decode)
        yield


def _token_hex(random: Random, size: int) -> str:
    return f"{random.getrandbits(8 * size):0{2 * size}x}"


def new_process() -> None:
    """What a restart of the guard's process starts anew, beyond its objects."""
    transport._ids = transport.MessageIds()
