"""Our frames and python-miio's own: the same bytes, the same meaning."""

import logging
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from miio.protocol import Message

from gasguard.drivers.miio.codec import FrameError, decode, encode

tokens = st.binary(min_size=16, max_size=16)
devices = st.binary(min_size=4, max_size=4)
stamps = st.integers(0, 2**32 - 1)
words = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=20)
payloads = st.dictionaries(st.text(max_size=10), words | st.lists(words, max_size=4), max_size=6)
thorough = settings(max_examples=200, deadline=None, derandomize=True)


def by_python_miio(token: bytes, device: bytes, stamp: int, payload: object) -> bytes:
    header = {
        "length": 0,
        "unknown": 0,
        "device_id": device,
        "ts": datetime.fromtimestamp(stamp, UTC),
    }
    parts = {"data": {"value": payload}, "header": {"value": header}, "checksum": 0}
    return bytes(Message.build(parts, token=token))


@thorough
@given(token=tokens, device=devices, stamp=stamps, payload=payloads)
def test_both_write_the_same_bytes(token, device, stamp, payload):
    assert encode(token, device, stamp, payload) == by_python_miio(token, device, stamp, payload)


@thorough
@given(token=tokens, device=devices, stamp=stamps, payload=payloads)
def test_both_read_the_same(token, device, stamp, payload):
    data = by_python_miio(token, device, stamp, payload)
    theirs = Message.parse(data, token=token)
    ours = decode(data, token)
    assert ours.payload == theirs.data.value == payload
    assert ours.device_id == theirs.header.value.device_id
    assert ours.stamp == theirs.header.value.ts.timestamp()
    assert ours.checksum == theirs.checksum


@thorough
@given(token=tokens, other=tokens, at=st.integers(0, 1000), bit=st.integers(0, 7))
def test_what_is_not_signed_by_the_token_is_not_read(token, other, at, bit):
    data = bytearray(encode(token, b"\1\2\3\4", 7, {"id": 1, "result": ["ok"]}))
    data[at % len(data)] ^= 1 << bit
    with pytest.raises(FrameError):
        decode(bytes(data), token)
    if other != token:
        with pytest.raises(FrameError):
            decode(encode(other, b"\1\2\3\4", 7, {"id": 1}), token)


def test_a_strangers_bytes_are_not_logged(caplog):
    good = encode(bytes(16), b"\1\2\3\4", 7, {"id": 1, "result": ["ok"]})
    with caplog.at_level(logging.DEBUG):
        for n in range(512):  # one in 256 ends in what looks like sound padding
            strange = good[:32] + n.to_bytes(2, "big") * ((len(good) - 32) // 2)
            with pytest.raises(FrameError):
                decode(strange, bytes(16))
    assert not caplog.records
