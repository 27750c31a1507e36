"""Datagrams and what a device may say in them: a Reading, or one of the driver's own errors."""

import asyncio
import contextlib
import hashlib
import json
import math

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gasguard.config.relays.base import Channel
from gasguard.config.relays.miio import Lease, MiioRelay, MiotRelay
from gasguard.core.model import Contact
from gasguard.drivers.base import Reading, Site
from gasguard.drivers.bus import Bus
from gasguard.drivers.miio.codec import HELLO, Frame, FrameError, decode, encode
from gasguard.drivers.miio.family import Family
from gasguard.drivers.miio.place import Place
from gasguard.drivers.miio.transport import Device, MessageIds, MiioTransport
from gasguard.errors import Refused, Unreachable
from gasguard.luck import LUCK
from gasguard.simulator import simtime
from tests.fuzz.test_commands import json_values

TOKEN = bytes(range(16))
DEVICE = b"\1\2\3\4"
HOST = {"host": "127.0.0.9", "port": 54321, "token": TOKEN.hex()}
thorough = settings(max_examples=200, deadline=None, derandomize=True)


def sealed(plain: bytes) -> bytes:
    """A frame with any bytes at all inside, rightly encrypted and signed."""
    key = hashlib.md5(TOKEN, usedforsecurity=False).digest()
    vector = hashlib.md5(key + TOKEN, usedforsecurity=False).digest()
    padding = 16 - len(plain) % 16
    cipher = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    body = cipher.update(plain + bytes([padding]) * padding) + cipher.finalize()
    head = b"\x21\x31" + (32 + len(body)).to_bytes(2, "big") + b"\0" * 4 + DEVICE + b"\0\0\0\7"
    check = hashlib.md5(head + TOKEN + body, usedforsecurity=False).digest()
    return head + check + body


whole = encode(TOKEN, DEVICE, 7, {"id": 1, "result": ["ok"]})
headed = st.binary(max_size=200).map(
    lambda rest: b"\x21\x31" + (4 + len(rest)).to_bytes(2, "big") + rest
)
bent = st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)).map(
    lambda at: whole[: at[0]] + bytes([at[1]]) + whole[at[0] + 1 :]
)
inside = st.binary(max_size=100) | json_values.map(lambda data: json.dumps(data).encode())
datagrams = st.one_of(st.binary(max_size=5000), headed, bent, inside.map(sealed))


@thorough
@given(data=datagrams)
@example(data=b"")
@example(data=HELLO)
@example(data=sealed(b""))
@example(data=sealed(b"[" * 2000))
@example(data=sealed(b'{"id": 1}\0\0'))
@example(data=sealed(b'{"id": ' + b"9" * 3500 + b"}"))
@example(data=sealed(b'{"id": "\xff"}'))
def test_a_datagram_is_a_frame_or_none(data):
    try:
        frame = decode(data, TOKEN)
    except FrameError as error:
        assert TOKEN.hex() not in str(error)
        return
    assert isinstance(frame, Frame)
    assert frame.payload is None or isinstance(frame.payload, dict)


@thorough
@given(batch=st.lists(datagrams, max_size=5))
@example(batch=[sealed(b'{"id": []}'), sealed(b'{"id": true}'), sealed(b'{"id": 1.5}')])
@example(batch=[sealed(b'{"id": {"a": 1}, "result": 0}')])
def test_the_transport_takes_any_datagram(batch):
    async def story() -> None:
        transport = MiioTransport(Device(Place("127.0.0.9", 54321)), TOKEN, MessageIds(LUCK))
        for data in batch:
            transport._wire.heard(data, ("127.0.0.9", 54321))
        assert not transport._calls

    simtime.run(story())


class Liar(asyncio.DatagramProtocol):
    """A device that answers every command with the same body under the right id."""

    def __init__(self, body: dict) -> None:
        self._body = body

    def connection_made(self, transport):
        self._wire = transport

    def datagram_received(self, data, addr):
        if data == HELLO:
            self._wire.sendto(b"\x21\x31\0\x20" + b"\0" * 4 + DEVICE + b"\0" * 20, addr)
        else:
            asked = decode(data, TOKEN).payload["id"]
            with contextlib.suppress(ValueError):
                answer = json.dumps({**self._body, "id": asked}).encode()
                if len(answer) < 4000:
                    self._wire.sendto(sealed(answer), addr)


entries = st.fixed_dictionaries(
    {},
    optional={
        "siid": st.sampled_from([2, 3]) | json_values,
        "piid": st.sampled_from([1, 3]) | json_values,
        "code": st.sampled_from([0, 1, -4003]) | json_values,
        "value": st.booleans() | json_values,
    },
)
proper = st.lists(
    st.builds(
        lambda piid, code, value: {"siid": 2, "piid": piid, "code": code, "value": value},
        st.sampled_from([1, 3]),
        st.sampled_from([0, 0, 0, 1]) | json_values,
        st.booleans() | json_values,
    ),
    max_size=4,
)
results = json_values | st.lists(entries | json_values, max_size=4) | proper
bodies = st.one_of(
    st.builds(lambda result: {"result": result}, results),
    st.builds(lambda error: {"error": error}, json_values | st.builds(
        lambda code, message: {"code": code, "message": message}, json_values, json_values)),
    st.dictionaries(st.sampled_from(["result", "error", "x"]), json_values, max_size=3),
)  # fmt: skip


def _no_bus() -> Bus:
    raise AssertionError("these relays need no broker")


def drivers():
    lease = Lease(after="3m", siid=2, piid=3, unit="s", off=-1)
    wired = {"contact": "normally_open", **HOST}
    switch = Channel(siid=2, piid=1)
    family = Family(Site(LUCK, _no_bus))
    yield family.relay(MiotRelay(driver="miot", switch=switch, lease=lease, **wired), None)
    voice = Channel(siid=2, piid=3)
    yield family.relay(MiotRelay(driver="miot", switch=switch, **wired), voice)
    yield family.relay(MiioRelay(driver="miio", **wired), None)


@thorough
@given(body=bodies)
@example(body={"result": [{"siid": 2, "piid": 1, "code": 0, "value": float("nan")}]})
@example(
    body={
        "result": [
            {"siid": 2, "piid": 1, "code": 0, "value": True},
            {"siid": 2, "piid": 3, "code": 0, "value": float("inf")},
        ]
    }
)
@example(
    body={
        "result": [
            {"siid": 2, "piid": 1, "code": 0, "value": True},
            {"siid": 2, "piid": 3, "code": 0, "value": 10**400},
        ]
    }
)
@example(body={"result": [{"siid": 2, "piid": 1, "code": 10**400}]})
@example(body={"result": ["on"]})
@example(body={"result": [["on"]]})
@example(body={"error": {"code": 10**400, "message": None}})
@example(body={"error": {"code": True}})
@example(body={"error": {"code": [-9999]}})
def test_whatever_the_device_answers_is_a_reading_or_a_refusal(body):
    async def story() -> None:
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: Liar(body), local_addr=("127.0.0.9", 54321))
        for driver in drivers():
            for call in (driver.read, driver.open, driver.close):
                try:
                    said = await call(0.5)
                except (Refused, Unreachable) as error:
                    assert len(str(error)) < 400
                    assert TOKEN.hex() not in str(error)
                else:
                    if call == driver.read:
                        sound(said)
            await driver.aclose()

    simtime.run(story())


def sound(reading: Reading) -> None:
    assert isinstance(reading, Reading)
    assert reading.contact in (Contact.OPEN, Contact.CLOSED)
    assert reading.voice in (None, True, False)
    if reading.countdown is not None and not math.isnan(reading.countdown):
        assert 0 < reading.countdown < 1e9, "an end that a calendar could show"
