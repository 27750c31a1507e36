"""The page of a kitchen, as its users run it, and a phone that looks on."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from tests.support.http import Client
from tests.support.kitchen import Kitchen
from tests.support.processes import Process, free_port, listens
from tests.support.waiting import eventually


class Page(Client):
    """`gasguard web` beside a kitchen, asked as whoever sits at the Pi."""

    def __init__(self, kitchen: Kitchen, **settings: Any) -> None:
        super().__init__(free_port())
        kitchen.data["web"] = {"host": "127.0.0.1", "port": self.port, **settings}
        kitchen.write()
        self.kitchen = kitchen
        self.process: Process

    def start(self, **options: Any) -> "Page":
        """Returns once it serves."""
        self.process = self.kitchen.process("web", "-c", str(self.kitchen.path), **options)
        eventually(lambda: listens(self.port) or not self.process.running, 20, "the page is up")
        assert self.process.running, self.process.output
        return self

    @contextlib.contextmanager
    def phone(self) -> Iterator["Phone"]:
        """One that looks on inside the block."""
        phone = Phone(self)
        try:
            yield phone
        finally:
            phone.close()


class Phone:
    """Listens to the stream, as a browser does."""

    def __init__(self, page: Client) -> None:
        self.frames: list[tuple[float, str, Any]] = []
        """When it came, its kind (`comment` for a comment), and its data."""
        self.ended = threading.Event()
        self._connection = page.connect()
        self._connection.settimeout(None)
        host, cookie = page.host, f"Cookie: {page.cookie}\r\n" if page.cookie else ""
        asked = f"GET /api/events HTTP/1.1\r\nHost: {host}\r\n{cookie}\r\n"
        self._connection.sendall(asked.encode())
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    @property
    def mark(self) -> int:
        """Frames so far."""
        return len(self.frames)

    def of(self, kind: str, since: int = 0) -> list[Any]:
        """Data of all frames of a kind."""
        return [data for _, one, data in self.frames[since:] if one == kind]

    def sees(
        self,
        kind: str,
        when: Callable[[Any], bool] = lambda _: True,
        *,
        since: int = 0,
        within: float = 5.0,
    ) -> Any:
        """The data of the first frame of that kind that is so."""
        found = eventually(
            lambda: [data for data in self.of(kind, since) if when(data)][:1], within, kind
        )
        return found[0]

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._connection.close()

    def _listen(self) -> None:
        kind, data = "comment", None
        with contextlib.suppress(OSError), self._connection.makefile("rb") as lines:
            # Chunks' lengths stand in lines of their own, and are no line of a stream.
            for line in (line.decode().rstrip("\r\n") for line in lines):
                if line.startswith("event: "):
                    kind = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    data = json.loads(line.removeprefix("data: "))
                elif line.startswith(":"):
                    self.frames.append((time.monotonic(), "comment", line))
                elif not line and data is not None:
                    self.frames.append((time.monotonic(), kind, data))
                    kind, data = "comment", None
        self.ended.set()
