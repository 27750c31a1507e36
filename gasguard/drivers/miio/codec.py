"""miIO frames for driver and simulator alike, on python-miio's cipher.

The frame is taken apart here. python-miio's `Message` does that with construct, in four times the
time (70 instead of 18 us a frame), and decrypts before it checks: what a stranger sends would reach
its JSON reader and its error log. Here nothing is decrypted whose checksum is not the token's.
`tests/drivers/test_codec.py` holds both to the same bytes.
"""

import contextlib
import hmac
import importlib
import importlib.util
import json
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from gasguard.errors import DriverError
from gasguard.text import clean

PORT = 54321
HELLO = bytes.fromhex("21310020" + "ff" * 28)
MAX_DATAGRAM = 4096
_MAGIC = 0x2131
_HEAD = struct.Struct(">HHI4sI")
"""Magic, length of the whole, unknown (0), device id, stamp; 16 bytes of checksum follow."""
_HEADER = _HEAD.size + 16


class FrameError(DriverError):
    """A datagram that is no miIO frame."""


class OtherToken(FrameError):
    """A frame that another token encrypted."""


class NotJson(FrameError):
    """A frame under our token that carries no JSON object."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One datagram, taken apart. `payload` is None in a hello and its answer."""

    device_id: bytes
    stamp: int
    """The device's clock: whole seconds since it started."""
    payload: dict[str, Any] | None
    checksum: bytes
    """In a hello's answer: the token of a device not yet paired, else 16 × 00 or ff."""
    others: tuple[dict[str, Any], ...] = ()
    """What else the datagram carries: some devices put several answers into one."""


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
# Asked for at each frame, and ignored by `cryptography` since 3.1: 1 MB of ciphers nobody uses.
vars(_protocol)["default_backend"] = lambda: None
_md5 = _protocol.Utils.md5
_encrypt = _protocol.Utils.encrypt
_decrypt = _protocol.Utils.decrypt
_json = json.JSONDecoder()
_ENCODINGS = (("utf-8", "strict"), ("gb18030", "strict"), ("utf-8", "replace"))
"""Devices repeat the name of a Wi-Fi network as the router spells it: in GBK, or in anything."""
_SLIPS = ((b",,", b","), (b'"value":00', b'"value":0'))
"""What firmwares are known to write, and what they mean (python-miio's list of them)."""


def encode(token: bytes, device_id: bytes, stamp: int, payload: dict[str, Any]) -> bytes:
    """The datagram that carries `payload` (JSON-serialisable) to or from a device.

    `token` has 16 bytes, `device_id` 4; `stamp` is in seconds and wraps at 2**32.
    """
    return seal(token, device_id, stamp, json.dumps(payload).encode())


def seal(token: bytes, device_id: bytes, stamp: int, plain: bytes) -> bytes:
    """As `encode`, for any bytes."""
    body = _encrypt(plain + b"\0", token)
    head = _HEAD.pack(_MAGIC, _HEADER + len(body), 0, device_id, stamp % 2**32)
    return bytes(head + _md5(head + token + body) + body)


def encode_hello_reply(device_id: bytes, stamp: int) -> bytes:
    """What a paired device answers to a hello: its id and clock, the token withheld."""
    return _HEAD.pack(_MAGIC, _HEADER, 0, device_id, stamp % 2**32) + b"\0" * 16


def decode(data: bytes, token: bytes) -> Frame:
    """Take a datagram apart.

    Raises FrameError for anything that is not a whole frame under `token` with a JSON object in it;
    OtherToken and NotJson say why.
    """
    if not _HEADER <= len(data) <= MAX_DATAGRAM:
        raise FrameError(f"not a miIO frame ({len(data)} bytes)")
    magic, length, _unknown, device_id, stamp = _HEAD.unpack_from(data)
    if magic != _MAGIC:
        raise FrameError(f"not a miIO frame ({len(data)} bytes)")
    if length != len(data):
        raise FrameError("length field and datagram disagree")
    checksum, body = data[_HEAD.size : _HEADER], data[_HEADER:]
    if not body:
        return Frame(device_id, stamp, None, checksum)
    if not hmac.compare_digest(checksum, _md5(data[: _HEAD.size] + token + body)):
        raise OtherToken("frame carries another token's checksum")
    documents = _documents(body, token)
    return Frame(device_id, stamp, documents[0], checksum, tuple(documents[1:]))


def _documents(body: bytes, token: bytes) -> list[dict[str, Any]]:
    """The JSON objects in an encrypted payload, at least one. Raises NotJson.

    What stands behind a whole object (NULs, what was left in the device's buffer) is left alone.
    """
    try:
        plain = bytes(_decrypt(body, token))
    except ValueError:
        raise NotJson("frame carries no whole payload") from None
    for text in _readings(plain):
        try:
            if documents := list(_objects(text)):
                return documents
        except RecursionError:
            break
    raise NotJson("frame carries no JSON object")


def _readings(plain: bytes) -> Iterator[str]:
    """What the bytes may mean, the likeliest first."""
    mended = plain
    for slip, meant in _SLIPS:
        mended = mended.replace(slip, meant)
    for candidate in dict.fromkeys((plain, mended)):
        for encoding, errors in _ENCODINGS:
            with contextlib.suppress(UnicodeDecodeError):
                yield candidate.decode(encoding, errors)


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects that `text` begins with."""
    at = 0
    while True:
        rest = text[at:].lstrip("\0 \t\r\n,")
        if not rest.startswith("{"):
            return
        try:
            found, end = _json.raw_decode(rest)
        except ValueError:
            return
        yield clean(found)
        at = len(text) - len(rest) + end
