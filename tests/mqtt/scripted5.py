"""A broker of MQTT 5 (and 3.1.1) written by hand, which refuses what a test wants it to."""

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

SUCCESS, NOT_AUTHORIZED = 0, 0x87
CONNACK, PUBACK, SUBACK, DISCONNECT = 0x20, 0x40, 0x90, 0xE0
NO_RETAIN_AVAILABLE, MAXIMUM_QOS_0, NO_IDENTIFIERS = b"\x25\x00", b"\x24\x00", b"\x29\x00"
"""Properties of a CONNACK."""


@dataclass(frozen=True)
class Connect:
    """What a client asked for."""

    level: int
    client_id: str
    keepalive: int
    will: str | None
    will_qos: int
    will_retain: bool


@dataclass(frozen=True)
class Published:
    """What a client published."""

    topic: str
    payload: bytes
    qos: int
    retain: bool


class Broker5:
    """`lets_in` gives reason and properties for a CONNACK; None: not a word, ever."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._server = socket.create_server((host, port))
        self.port: int = self._server.getsockname()[1]
        self.lets_in: Callable[[Connect], tuple[int, bytes] | None] = lambda _: (SUCCESS, b"")
        self.refuses_topics: dict[str, int] = {}
        """Reasons for subscriptions."""
        self.refuses_messages: dict[str, int] = {}
        """Reasons for what is published, by topic."""
        self.ends_over: Callable[[Published], int] = lambda _: 0
        """A reason to end the connection over a message."""
        self.connects: list[Connect] = []
        self.subscribed: list[str] = []
        self.identifiers: dict[str, int] = {}
        """That of the newest subscription to each topic, where it has one."""
        self.published: list[Published] = []
        self.clients: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        try:
            self._server.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it was closed already
        self._server.close()
        self.hang_up()

    def hang_up(self) -> None:
        """End every connection without a word."""
        for client in self.clients:
            try:
                client.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def send_away(self, reason: int) -> None:
        """End the newest connection, and say why."""
        self.clients[-1].sendall(_packet(DISCONNECT, bytes([reason, 0])))
        self.clients[-1].shutdown(socket.SHUT_RDWR)

    def deliver(self, topic: str, payload: bytes, *, retain: bool, identifier: int = 0) -> None:
        """Send a message of MQTT 5 to the newest client; with no identifier if that is 0."""
        properties = b"\x0b" + bytes([identifier]) if identifier else b""
        name = len(topic).to_bytes(2, "big") + topic.encode()
        body = name + bytes([len(properties)]) + properties + payload
        self.clients[-1].sendall(_packet(0x31 if retain else 0x30, body))

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            self.clients.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        stream = client.makefile("rb")
        try:
            level = 5
            while head := stream.read(1):
                body = stream.read(_length(stream))
                kind = head[0] & 0xF0
                if kind == 0x10:
                    asked = _connect(body)
                    level = asked.level
                    self.connects.append(asked)
                    answer = self.lets_in(asked)
                    if answer is not None:
                        self._let_in(client, level, *answer)
                elif kind == 0x80:
                    self._subscribe(client, level, body)
                elif kind == 0x30:
                    self._publish(client, level, head[0], body)
        except OSError:
            return

    def _let_in(self, client: socket.socket, level: int, reason: int, properties: bytes) -> None:
        more = bytes([len(properties)]) + properties if level == 5 else b""
        client.sendall(_packet(CONNACK, bytes([0, reason]) + more))
        if reason:
            client.shutdown(socket.SHUT_RDWR)

    def _subscribe(self, client: socket.socket, level: int, body: bytes) -> None:
        at = 2 + (1 + body[2] if level == 5 else 0)
        topic, _ = _text(body, at)
        self.subscribed.append(topic)
        if level == 5 and body[2]:
            self.identifiers[topic] = body[4]
        answer = self.refuses_topics.get(topic, body[-1] & 3)
        client.sendall(_packet(SUBACK, body[:2] + (b"\0" if level == 5 else b"") + bytes([answer])))

    def _publish(self, client: socket.socket, level: int, flags: int, body: bytes) -> None:
        qos = flags >> 1 & 3
        topic, at = _text(body, 0)
        mid, at = (body[at : at + 2], at + 2) if qos else (b"", at)
        if level == 5:
            at += 1 + body[at]
        message = Published(topic, body[at:], qos, bool(flags & 1))
        self.published.append(message)
        if reason := self.ends_over(message):
            client.sendall(_packet(DISCONNECT, bytes([reason, 0])))
            client.shutdown(socket.SHUT_RDWR)
        elif qos:
            code = self.refuses_messages.get(topic, 0) if level == 5 else 0
            client.sendall(_packet(PUBACK, mid + (bytes([code, 0]) if code else b"")))


def _packet(kind: int, body: bytes) -> bytes:
    return bytes([kind, len(body)]) + body


def _length(stream: BinaryIO) -> int:
    length = shift = 0
    while True:
        byte = stream.read(1)[0]
        length |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return length


def _text(body: bytes, at: int) -> tuple[str, int]:
    end = at + 2 + int.from_bytes(body[at : at + 2], "big")
    return body[at + 2 : end].decode(), end


def _connect(body: bytes) -> Connect:
    level, flags, keepalive = body[6], body[7], int.from_bytes(body[8:10], "big")
    at = 10 + (1 + body[10] if level == 5 else 0)
    client_id, at = _text(body, at)
    will = None
    if flags & 4:
        if level == 5:
            at += 1 + body[at]
        will, at = _text(body, at)
    return Connect(level, client_id, keepalive, will, flags >> 3 & 3, bool(flags & 32))
