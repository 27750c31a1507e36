"""The least that can be done: `… floor PORT GROUP`. A datagram, sent again until answered.

No state, no read-back, no disk, no safety: what is left is the wire, the codec and the broker.
"""

import asyncio
import secrets
import sys
from collections.abc import Callable
from itertools import count

import paho.mqtt.client as paho

from gasguard.drivers.miio.codec import HELLO, FrameError, decode, encode
from tests.bench.client import new_client
from tests.bench.site import PIID, PORT, SIID, TOKEN, Group

RESEND = 0.060
_TOKEN = bytes.fromhex(TOKEN)

Datagram = Callable[[], bytes]


class Relay(asyncio.DatagramProtocol):
    """One device; `start` says hello once."""

    def __init__(self) -> None:
        self._ids = count(1 + secrets.randbelow(2**30))
        self._sent: set[int] = set()
        self._heard = asyncio.Event()
        self._device_id = b""
        self._offset = 0.0
        self._transport: asyncio.DatagramTransport | None = None

    async def start(self, host: str) -> None:
        """Bind and learn the device's id and clock."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: self, remote_addr=(host, PORT)
        )
        await self._until_answered(lambda: HELLO)

    async def off(self) -> None:
        """Open the contact."""
        loop = asyncio.get_running_loop()

        def datagram() -> bytes:
            item = {"did": "off", "siid": SIID, "piid": PIID, "value": True}
            message_id = next(self._ids)
            self._sent.add(message_id)
            request = {"id": message_id, "method": "set_properties", "params": [item]}
            stamp = int(loop.time() + self._offset)
            return encode(_TOKEN, self._device_id, stamp, request)

        await self._until_answered(datagram)

    async def _until_answered(self, datagram: Datagram) -> None:
        self._sent.clear()
        self._heard.clear()
        while not self._heard.is_set() and self._transport is not None:
            self._transport.sendto(datagram())
            try:
                async with asyncio.timeout(RESEND):
                    await self._heard.wait()
            except TimeoutError:
                continue

    def datagram_received(self, data: bytes, addr: object) -> None:
        try:
            frame = decode(data, _TOKEN)
        except FrameError:
            return
        self._device_id = frame.device_id
        self._offset = frame.stamp - asyncio.get_running_loop().time()
        # An answer to an earlier command's second sending says nothing about this one.
        if frame.payload is None or frame.payload.get("id") in self._sent:
            self._heard.set()


async def main(port: int, group: Group) -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    found = [Relay() for _ in range(group.count)]
    await asyncio.gather(*(relay.start(group.host(i)) for i, relay in enumerate(found)))
    reporter = new_client(port)
    reporter.loop_start()
    tasks: set[asyncio.Task[None]] = set()

    async def off(index: int) -> None:
        await found[index].off()
        reporter.publish(f"{group.name}/{index}/done", "ok", qos=1)

    def begin(index: int) -> None:
        task = loop.create_task(off(index))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def on_message(_client: paho.Client, _userdata: object, message: paho.MQTTMessage) -> None:
        loop.call_soon_threadsafe(begin, int(message.topic.split("/")[1]))

    def on_subscribe(*_: object) -> None:
        for index in range(group.count):
            reporter.publish(f"{group.name}/{index}/done", "ready", qos=1)

    subscriber = new_client(port)
    subscriber.on_message = on_message
    subscriber.on_subscribe = on_subscribe
    subscriber.subscribe(f"{group.name}/+/off/set", qos=1)
    subscriber.loop_start()
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Group.from_argument(sys.argv[2])))
