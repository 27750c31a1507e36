"""What the simulator's tests share: configurations, and a miIO client made of the codec alone."""

import asyncio
from pathlib import Path
from random import Random
from typing import Any

from gasguard.config.load import Config, parse_config
from gasguard.drivers.miio.codec import HELLO, decode, encode
from gasguard.simulator.channels import ChannelSpec
from gasguard.simulator.miio.relay import MiRelay

TOKEN = "00112233445566778899aabbccddeeff"
SWITCH = {"did": "sw", "siid": 2, "piid": 1}


def miot(**changes: Any) -> dict[str, Any]:
    """A relay of the configuration, normally open unless told otherwise."""
    relay = {"driver": "miot", "host": "127.0.0.9", "token": TOKEN, "contact": "normally_open"}
    return {**relay, "switch": {"siid": 2, "piid": 1}, **changes}


def config(**burners: dict[str, Any]) -> Config:
    """A configuration of these burners; one normally open `left` when none is named."""
    return parse_config({"burners": burners or {"left": {"relay": miot()}}}, Path("."))


def module(*channels: ChannelSpec, **options: Any) -> MiRelay:
    """A module with one switch at 2/1, which is on, unless other channels are given."""
    return MiRelay(
        bytes.fromhex(TOKEN),
        0x12345678,
        channels or [ChannelSpec(2, 1, rest=True)],
        random=Random(1),
        **options,
    )


class Asker:
    """Speaks to a MiRelay without sockets; `now` is the caller's to move."""

    def __init__(self, relay: MiRelay, source: str = "client", token: str = TOKEN) -> None:
        self.relay = relay
        self.source = source
        self.token = bytes.fromhex(token)
        self.now = 0.0
        self.next_id = 1
        self.stamp: int | None = None

    def hello(self) -> bool:
        """Say hello and remember the device's clock; False if nothing answers."""
        replies = self.relay.receive(HELLO, self.source, self.now)
        if replies:
            self.stamp = decode(replies[0].data, self.token).stamp
        return bool(replies)

    def ask(self, method: str, params: Any, message_id: int | None = None) -> Any:
        """The answer's payload, or None for silence."""
        if self.stamp is None:
            self.hello()
        if message_id is None:
            message_id, self.next_id = self.next_id, self.next_id + 1
        request = {"id": message_id, "method": method, "params": params}
        data = encode(self.token, self.relay.device_id, self.stamp or 0, request)
        replies = self.relay.receive(data, self.source, self.now)
        return decode(replies[0].data, self.token).payload if replies else None

    def set(self, value: Any, message_id: int | None = None, **place: int) -> Any:
        """Set a property (2/1 unless told otherwise); the code in the answer, or None."""
        answer = self.ask("set_properties", [{**SWITCH, **place, "value": value}], message_id)
        return answer and answer["result"][0]["code"]

    def get(self, **place: int) -> Any:
        """Read a property; its value."""
        return self.ask("get_properties", [{**SWITCH, **place}])["result"][0]["value"]


class Client(asyncio.DatagramProtocol):
    """A bare UDP client; `got` is what came back, with the loop's time."""

    def __init__(self) -> None:
        self.got: list[tuple[float, bytes]] = []
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.DatagramTransport)
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.got.append((asyncio.get_running_loop().time(), data))

    def send(self, data: bytes) -> None:
        assert self.transport
        self.transport.sendto(data)

    @classmethod
    async def to(cls, host: str, port: int = 54321) -> "Client":
        """A client connected to this address."""
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_datagram_endpoint(cls, remote_addr=(host, port))
        return protocol
