"""A broker that repeats what it thinks was not acknowledged: each message counts once.

The MQTT here is written by hand, because no broker at hand repeats on a live connection.
"""

import socket
import threading

from gasguard.mqtt.link import Listener, MqttLink
from gasguard.mqtt.server import Server, Subscription
from tests.support.waiting import eventually, never

CONNACK, SUBACK = bytes([0x20, 2, 0, 0]), 0x90


def publish(mid: int, payload: bytes, *, dup: bool = False) -> bytes:
    """A PUBLISH at QoS 1 on topic `t`."""
    body = b"\0\1t" + mid.to_bytes(2, "big") + payload
    return bytes([0x3A if dup else 0x32, len(body)]) + body


class Scripted:
    """Takes one client, acknowledges its subscription, then sends what `send` is given."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self.ready = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        self._client, _ = self._server.accept()
        while data := self._client.recv(4096):
            if data[0] == 0x10:
                self._client.sendall(CONNACK)
            elif data[0] == 0x82:
                self._client.sendall(bytes([SUBACK, 3, *data[2:4], 1]))
                self.ready.set()

    def send(self, *packets: bytes) -> None:
        assert self.ready.wait(5)
        self._client.sendall(b"".join(packets))

    def close(self) -> None:
        self._thread.join(5)
        self._client.close()
        self._server.close()


def test_a_repeated_message_is_received_once():
    broker, received = Scripted(), []
    listener = Listener(lambda _c: None, lambda _c, m: received.append(m.payload), lambda _c: None)
    link = MqttLink(
        Server("test", "127.0.0.1", broker.port, mqtt5=False), [Subscription("t")], listener
    )
    link.start()
    try:
        off, again = publish(1, b"off"), publish(1, b"off", dup=True)
        broker.send(off, again, publish(2, b"off"), again)
        eventually(lambda: len(received) >= 2)
        never(lambda: len(received) > 2, 0.3, "a repeated message")
        # Marked as repeated, but its first copy never came: it counts.
        broker.send(publish(3, b"off", dup=True), publish(1, b"on"))
        eventually(lambda: received == [b"off", b"off", b"off", b"on"])
    finally:
        link.stop()
        broker.close()
