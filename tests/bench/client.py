"""The benchmark's own connections to the broker: one that publishes, another that listens.

(A client that does both on one connection sees 43 ms of Nagle's algorithm against delayed
acknowledgements.)
"""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.bench.errors import BenchError

_WITHIN = 5.0


@dataclass(frozen=True, slots=True)
class Heard:
    """A message, and when it came (CLOCK_MONOTONIC seconds)."""

    topic: str
    payload: bytes
    at: float


Listener = Callable[[Heard], None]


def new_client(port: int) -> paho.Client:
    """Connected, with TCP_NODELAY; nobody serves it yet."""
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_socket_open = _no_delay
    client.connect("127.0.0.1", port)
    return client


def _no_delay(_client: paho.Client, _userdata: object, sock: object) -> None:
    if isinstance(sock, socket.socket):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class Bus:
    """Both connections. Listeners are called on the event loop."""

    def __init__(self, port: int) -> None:
        self._publisher, self._subscriber = new_client(port), new_client(port)
        self._loop = asyncio.get_running_loop()
        self._listeners: dict[str, Listener] = {}
        self._subscribed = asyncio.Event()
        self._subscriber.on_message = self._on_message
        self._subscriber.on_subscribe = self._on_subscribe

    def publish(self, topic: str, payload: str = "") -> float:
        """Publish at QoS 1; when (CLOCK_MONOTONIC seconds)."""
        began = time.monotonic()
        self._publisher.publish(topic, payload, qos=1)
        return began

    async def listen(self, prefix: str, listener: Listener) -> None:
        """Hear everything below `prefix` from now on, what is retained too."""
        self._listeners[prefix] = listener
        self._subscribed.clear()
        self._subscriber.subscribe(f"{prefix}/#", qos=1)
        try:
            async with asyncio.timeout(_WITHIN):
                await self._subscribed.wait()
        except TimeoutError:
            raise BenchError("the broker does not acknowledge a subscription") from None

    def start(self) -> None:
        """Begin to serve."""
        self._publisher.loop_start()
        self._subscriber.loop_start()

    def stop(self) -> None:
        """Disconnect."""
        for client in (self._publisher, self._subscriber):
            client.disconnect()
            client.loop_stop()

    def _on_subscribe(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._subscribed.set)

    def _on_message(self, _client: paho.Client, _user: object, message: paho.MQTTMessage) -> None:
        heard = Heard(message.topic, bytes(message.payload), time.monotonic())
        self._loop.call_soon_threadsafe(self._pass_on, heard)

    def _pass_on(self, heard: Heard) -> None:
        listener = self._listeners.get(heard.topic.partition("/")[0])
        if listener is not None:
            listener(heard)


@contextlib.asynccontextmanager
async def bus(port: int) -> AsyncIterator[Bus]:
    """Both connections for the length of the block."""
    connections = Bus(port)
    connections.start()
    try:
        yield connections
    finally:
        connections.stop()
