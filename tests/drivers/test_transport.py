"""The resending transport against a device that is a script: what is on the wire, to the byte."""

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gasguard.drivers.miio.codec import HELLO, decode, encode, encode_hello_reply, seal
from gasguard.drivers.miio.place import Place
from gasguard.drivers.miio.transport import Device, MessageIds, MiioTransport
from gasguard.errors import Refused, Unreachable
from gasguard.luck import LUCK
from gasguard.simulator import simtime

TOKEN = bytes(range(16))
DEVICE = b"\x00\x01\x02\x03"


class ScriptedDevice(asyncio.DatagramProtocol):
    """Answers hello; what it answers to commands is up to the test."""

    def __init__(self, answer: Callable[[dict[str, Any]], Any]) -> None:
        self.answer = answer
        self.stamp = 5000
        self.hellos = 0
        self.requests: list[tuple[int, dict[str, Any]]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.DatagramTransport)
        self.wire = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.peer = addr
        if data == HELLO:
            self.hellos += 1
            self.wire.sendto(encode_hello_reply(DEVICE, self.stamp), addr)
            return
        frame = decode(data, TOKEN)
        assert frame.payload is not None
        self.requests.append((frame.stamp, frame.payload))
        for payload in self.answer(frame.payload):
            self.wire.sendto(encode(TOKEN, DEVICE, self.stamp, payload), addr)

    @property
    def ids(self) -> list[int]:
        """Message ids as they came."""
        return [payload["id"] for _, payload in self.requests]


def play(
    answer: Callable[[dict[str, Any]], Any],
    story: Callable[[ScriptedDevice, MiioTransport], Awaitable[None]],
) -> None:
    """Run `story` with such a device and a transport to it."""

    async def whole() -> None:
        loop = asyncio.get_running_loop()
        device = ScriptedDevice(answer)
        await loop.create_datagram_endpoint(lambda: device, local_addr=("127.0.0.9", 54321))
        transport = MiioTransport(Device(Place("127.0.0.9", 54321)), TOKEN, MessageIds(LUCK))
        await story(device, transport)
        await transport.aclose()

    simtime.run(whole())


def silent(_request: dict[str, Any]) -> list[dict[str, Any]]:
    """No answer."""
    return []


def obedient(request: dict[str, Any]) -> list[dict[str, Any]]:
    """ok."""
    return [{"id": request["id"], "result": ["ok"]}]


def test_each_resend_carries_an_id_never_used_before() -> None:
    async def story(device: ScriptedDevice, transport: MiioTransport) -> None:
        for _ in range(3):
            with pytest.raises(Unreachable):
                await transport.call("set_power", ["on"], 1)
        assert len(device.ids) > 20
        assert len(set(device.ids)) == len(device.ids)
        assert all(0 < number < 2**31 for number in device.ids)

    play(silent, story)


def test_ids_start_at_random() -> None:
    assert len({MessageIds(LUCK).take() for _ in range(10)}) == 10


def test_resends_are_60_to_150_ms_apart_and_a_hello_goes_beside_the_third() -> None:
    async def story(device: ScriptedDevice, transport: MiioTransport) -> None:
        loop = asyncio.get_running_loop()
        times: list[float] = []
        device.answer = lambda _request: times.append(loop.time()) or []
        with pytest.raises(Unreachable):
            await transport.call("set_power", ["on"], 2)
        gaps = [after - before for before, after in itertools.pairwise(times)]
        assert all(0.059 < gap < 0.151 for gap in gaps)
        assert 2 <= device.hellos <= 6

    play(silent, story)


def test_an_answer_to_an_earlier_send_counts() -> None:
    first: list[int] = []

    def late(request: dict[str, Any]) -> list[dict[str, Any]]:
        first.append(request["id"])
        return [{"id": first[0], "result": "late"}] if len(first) == 3 else []

    async def story(_device: ScriptedDevice, transport: MiioTransport) -> None:
        assert (await transport.call("get_prop", ["power"], 1))[0] == "late"

    play(late, story)


def test_answers_find_their_call_when_calls_overlap() -> None:
    def echo(request: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"id": request["id"], "result": request["params"]}]

    async def story(_device: ScriptedDevice, transport: MiioTransport) -> None:
        calls = [transport.call("get_prop", [number], 1) for number in range(50)]
        results = await asyncio.gather(*calls)
        assert [result for result, _ in results] == [[number] for number in range(50)]

    play(echo, story)


def test_stamps_follow_the_clock_of_the_device() -> None:
    async def story(device: ScriptedDevice, transport: MiioTransport) -> None:
        await transport.call("get_prop", ["power"], 1)
        device.stamp = 7000
        await transport.call("get_prop", ["power"], 1)
        await asyncio.sleep(30)
        await transport.call("get_prop", ["power"], 1)
        stamps = [stamp for stamp, _ in device.requests]
        assert stamps[0] == 5000
        assert stamps[2] == 7030

    play(obedient, story)


@pytest.mark.parametrize(
    "answer",
    [
        {"error": {"code": -5001, "message": "no"}},
        {"error": "no"},
        {"error": {"code": "x"}},
    ],
)
def test_an_error_is_a_refusal(answer: dict[str, Any]) -> None:
    async def story(_device: ScriptedDevice, transport: MiioTransport) -> None:
        with pytest.raises(Refused):
            await transport.call("set_power", ["on"], 1)

    play(lambda request: [{"id": request["id"], **answer}], story)


def test_strangers_and_nonsense_are_not_heard() -> None:
    def nonsense(request: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {"id": request["id"] + 1, "result": "not yours"},
            {"id": [request["id"]], "result": "a list"},
            {"id": None},
            {},
            {"id": request["id"], "result": "yours"},
        ]

    async def story(device: ScriptedDevice, transport: MiioTransport) -> None:
        assert (await transport.call("get_prop", ["power"], 1))[0] == "yours"
        for junk in (b"", b"\x21\x31", b"\x21\x31\x00\x20" + b"\x00" * 28, HELLO, b"\xff" * 4000):
            device.wire.sendto(junk, device.peer)
        assert (await transport.call("get_prop", ["power"], 1))[0] == "yours"
        assert device.requests

    play(nonsense, story)


def test_an_urgent_call_is_sent_twice_whatever_an_earlier_question_brings() -> None:
    """A poll's answer that is no JSON comes just behind an opening whose first packet is lost."""

    async def story(device: ScriptedDevice, transport: MiioTransport) -> None:
        with contextlib.suppress(Unreachable):
            await transport.call("get_prop", [], 0.05)
        device.requests.clear()
        opening = asyncio.ensure_future(transport.call("set_power", ["off"], 1, urgent=True))
        await asyncio.sleep(0.005)
        device.wire.sendto(seal(TOKEN, DEVICE, device.stamp, b"no json"), device.peer)
        await asyncio.sleep(0.005)
        device.answer = obedient
        result, _ = await opening
        assert result == ["ok"]
        assert len(device.requests) == 2

    play(silent, story)
