"""miIO frames: python-miio's own codec behind two functions, used by driver and simulator alike."""

import importlib
import importlib.util
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from gasguard.errors import DriverError

PORT = 54321
HELLO = bytes.fromhex("21310020" + "ff" * 28)
MAX_DATAGRAM = 4096
_HEADER = 32


class FrameError(DriverError):
    """A datagram that is no miIO frame, or one that another token encrypted."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One datagram, taken apart. `payload` is None in a hello and its answer."""

    device_id: bytes
    stamp: int
    """The device's clock: whole seconds since it started."""
    payload: dict[str, Any] | None
    checksum: bytes
    """In a hello's answer: the token of a device not yet paired, else 16 × 00 or ff."""


def _load_protocol() -> ModuleType:
    """python-miio's `miio.protocol` without the rest of the package.

    `import miio` runs all of its integrations: 0.5 s and 45 MB on the development machine, several
    seconds on a Pi, for a codec of 200 lines. So the package is entered under a bare stand-in that
    runs no code, and the stand-in leaves again; `import miio` elsewhere still finds the real one.
    """
    if "miio" in sys.modules:
        return importlib.import_module("miio.protocol")
    spec = importlib.util.find_spec("miio")
    if spec is None or spec.submodule_search_locations is None:
        raise ImportError("python-miio is not installed")
    bare = ModuleType("miio")
    bare.__path__ = list(spec.submodule_search_locations)
    sys.modules["miio"] = bare
    try:
        return importlib.import_module("miio.protocol")
    finally:
        for name in [name for name in sys.modules if name == "miio" or name.startswith("miio.")]:
            del sys.modules[name]


_protocol = _load_protocol()
_Message = _protocol.Message


def encode(token: bytes, device_id: bytes, stamp: int, payload: dict[str, Any]) -> bytes:
    """The datagram that carries `payload` (JSON-serialisable) to or from a device."""
    header = {
        "length": 0,
        "unknown": 0,
        "device_id": device_id,
        "ts": datetime.fromtimestamp(stamp % 2**32, UTC),
    }
    message = {"data": {"value": payload}, "header": {"value": header}, "checksum": 0}
    return bytes(_Message.build(message, token=token))


def encode_hello_reply(device_id: bytes, stamp: int) -> bytes:
    """What a paired device answers to a hello: its id and clock, the token withheld."""
    return (
        b"\x21\x31\x00\x20\x00\x00\x00\x00"
        + device_id
        + (stamp % 2**32).to_bytes(4, "big")
        + b"\x00" * 16
    )


def decode(data: bytes, token: bytes) -> Frame:
    """Take a datagram apart.

    Raises FrameError for anything that is not a whole frame under `token` with a JSON object in it.
    """
    if not _HEADER <= len(data) <= MAX_DATAGRAM or data[:2] != b"\x21\x31":
        raise FrameError(f"not a miIO frame ({len(data)} bytes)")
    if int.from_bytes(data[2:4], "big") != len(data):
        raise FrameError("length field and datagram disagree")
    device_id, stamp, checksum = data[8:12], int.from_bytes(data[12:16], "big"), data[16:32]
    if len(data) == _HEADER:
        return Frame(device_id, stamp, None, checksum)
    try:
        payload = _Message.parse(data, token=token).data.value
    # construct, cryptography and json each have their own errors for the same news: bytes that
    # do not decrypt. None of them may leave the driver, whatever a stranger sends.
    except Exception as error:  # noqa: BLE001
        raise FrameError(
            f"frame does not decode under this token ({type(error).__name__})"
        ) from None
    if not isinstance(payload, dict):
        raise FrameError("frame carries no JSON object")
    return Frame(device_id, stamp, payload, checksum)
