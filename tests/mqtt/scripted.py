"""A broker written by hand: mosquitto's access rules refuse no subscription, others do."""

import socket
import threading
import time

CONNACK = bytes([0x20, 2, 0, 0])
REFUSED = 0x80


class RefusingBroker:
    """MQTT 3.1.1; takes clients for ever and refuses topics with a prefix."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix.encode()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._clients: list[socket.socket] = []
        self._kept: dict[str, str] = {}
        self.speechless = False
        """Closes on MQTT 5 without a word, as RabbitMQ before 4 does."""
        self.flood = b""
        """Sent behind the first subscription of each client, and then zeros without end."""
        self.came: list[float] = []
        """When clients came."""
        self.published: list[str] = []
        """Topics of what clients have published."""
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            self._clients.append(client)
            self.came.append(time.monotonic())
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        stream = client.makefile("rb")
        try:
            while head := stream.read(2):
                body = stream.read(head[1])
                if head[0] == 0x10:
                    # The protocol's level: 5 is refused in the words of 3.1.1.
                    level = body[6]
                    if level == 5 and self.speechless:
                        client.close()
                        return
                    client.sendall(CONNACK if level == 4 else bytes([0x20, 2, 0, 1]))
                elif head[0] == 0x82:
                    topic = body[4 : 4 + int.from_bytes(body[2:4], "big")]
                    refused = topic.startswith(self._prefix)
                    answer = REFUSED if refused else body[-1]
                    client.sendall(bytes([0x90, 3, *body[:2], answer]))
                    if self.flood:
                        self._drown(client)
                    if not refused:
                        client.sendall(b"".join(_kept(*one) for one in self._kept.items()))
                elif head[0] & 0xF0 == 0x30:
                    self.published.append(body[2 : 2 + int.from_bytes(body[:2], "big")].decode())
        except OSError:
            return

    def _drown(self, client: socket.socket) -> None:
        client.sendall(self.flood)
        while True:
            client.sendall(b"\0" * 65536)

    def keep(self, topic: str, payload: str) -> None:
        """Sent, flagged as kept, behind every subscription."""
        self._kept[topic] = payload

    def close(self) -> None:
        self._server.close()
        for client in self._clients:
            client.close()


def _kept(topic: str, payload: str) -> bytes:
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name + payload.encode()
    return bytes([0x31, len(body)]) + body
