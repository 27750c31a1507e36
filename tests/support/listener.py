"""A port that notes when somebody connects, and never answers: a broker that hangs."""

import contextlib
import socket
import threading
import time


class Listener:
    """Connection times, by time.monotonic, are in `connected`."""

    def __init__(self) -> None:
        self.connected: list[float] = []
        self._clients: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.host, self.port = self._server.getsockname()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                self.connected.append(time.monotonic())
                self._clients.append(client)

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(5)
        for client in self._clients:
            client.close()
