"""The way to the broker out of another network: takes connections there, and may be cut."""

import contextlib
import socket
import threading


class Forwarder:
    """Accepts on `inside`, a listening socket, and passes bytes on to 127.0.0.1:`target`."""

    def __init__(self, inside: socket.socket, target: int) -> None:
        self._inside, self._target = inside, target
        self._open: list[socket.socket] = []
        self._cut = False
        threading.Thread(target=self._accept, name="forwarder", daemon=True).start()

    def cut(self, cut: bool) -> None:
        """End every connection and take no new one, or take them again."""
        self._cut = cut
        ended, self._open = self._open, []
        for one in ended if cut else ():
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._inside.accept()
            except OSError:
                return
            if self._cut:
                client.close()
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self._target), 2)
            except OSError:
                client.close()
                continue
            self._open += [client, server]
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=_pass_on, args=(source, sink), daemon=True).start()

    def close(self) -> None:
        self.cut(True)
        self._inside.close()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    for one in (source, sink):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
