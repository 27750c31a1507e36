"""A fake systemd: listens on the socket that NOTIFY_SOCKET names."""

import socket
import time
from pathlib import Path


class Manager:
    """Messages come as they are; one may hold several lines."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))

    @property
    def env(self) -> dict[str, str]:
        return {"NOTIFY_SOCKET": str(self._path)}

    def listen(self, seconds: float) -> list[tuple[float, str]]:
        """When what was said, for so long."""
        heard, deadline = [], time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                text = self._socket.recv(4096).decode()
                heard.append((time.monotonic(), text))
            except TimeoutError:
                break
        return heard

    def wait(self, word: str, within: float) -> str:
        """The next message with `word` in it."""
        deadline = time.monotonic() + within
        while True:
            self._socket.settimeout(max(0.01, deadline - time.monotonic()))
            message = self._socket.recv(4096).decode()
            if word in message:
                return message

    def close(self) -> None:
        self._socket.close()
