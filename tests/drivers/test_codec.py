"""Our frames and python-miio's own: the same bytes, the same meaning."""

import logging
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from miio.protocol import Message

from gasguard.drivers.miio.codec import FrameError, NotJson, OtherToken, decode, encode, seal

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


def opened(plain: bytes) -> list[object]:
    """What a frame with these bytes in it says."""
    frame = decode(seal(bytes(16), b"\1\2\3\4", 7, plain), bytes(16))
    return [frame.payload, *frame.others]


SSIDS = {
    "gbk": "厨房".encode("gbk"),
    "gbk with a backslash in it": "誠".encode("gbk"),
    "latin-1": "Küche".encode("latin-1"),
}


@pytest.mark.parametrize("ssid", SSIDS.values(), ids=SSIDS)
def test_a_wi_fi_name_in_any_encoding_breaks_nothing(ssid):
    (said,) = opened(b'{"id": 5, "result": {"ap": {"ssid": "' + ssid + b'"}, "model": "m"}}')
    assert (said["id"], said["result"]["model"]) == (5, "m")


def test_a_gbk_name_is_read_as_such():
    (said,) = opened('{"id": 5, "result": "厨房"}'.encode("gbk"))
    assert said["result"] == "厨房"


@pytest.mark.parametrize(
    "rest", [b"\0\0\0", b"\r\n", b"}", b"\0garbage", b'"result":', b"\xff\xfe"]
)
def test_what_stands_behind_an_answer_is_left_alone(rest):
    assert opened(b'{"id": 5, "result": ["ok"]}' + rest) == [{"id": 5, "result": ["ok"]}]


def test_several_answers_in_one_datagram_are_all_read():
    said = opened(b'{"id": 5, "result": 0}{"id": 6, "result": 1}\n\0{"id": 7}')
    assert [one["id"] for one in said] == [5, 6, 7]


@pytest.mark.parametrize(
    "slip",
    [b'{"id": 5, "result": [],,"otu_stat": []}', b'{"id": 5, "value":00}', b'{"id": 5,,"a":1}'],
)
def test_known_slips_of_firmwares_are_mended(slip):
    (said,) = opened(slip)
    assert said["id"] == 5


@pytest.mark.parametrize(
    "plain", [b"}{", b"", b"ok", b"[1]", b'"x"', b"null", b'{"id": 5', b"\xff"]
)
def test_no_json_under_our_token_is_told_apart_from_another_token(plain):
    with pytest.raises(NotJson):
        opened(plain)
    with pytest.raises(OtherToken):
        decode(seal(bytes(16), b"\1\2\3\4", 7, plain), b"\1" * 16)
