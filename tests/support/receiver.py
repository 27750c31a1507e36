"""Where messages go in tests: an HTTP server that takes, refuses, hangs, is slow, or is gone."""

import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.processes import free_port
from tests.support.waiting import eventually

SECRET = "Sup3rS3cretKey"


class Receiver:
    """One service on this machine. `status` and `wait` may be changed at any time."""

    def __init__(self, port: int | None = None) -> None:
        self.port = port or free_port()
        self.status = 200
        self.answer = b"{}"
        self.location = ""
        """Where it redirects to, with a `status` for that."""
        self.wait = 0.0
        """Seconds before it answers."""
        self.got: list[dict[str, Any]] = []
        """All requests' JSON, in order, refused ones too; `heard` is when (time.monotonic)."""
        self._server: ThreadingHTTPServer | None = None
        self.open()

    def url(self, secret: str = SECRET) -> str:
        """An Apprise address, with a secret in it."""
        return f"json://127.0.0.1:{self.port}/{secret}"

    def open(self) -> None:
        """Listen."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append({**json.loads(body), "heard": time.monotonic()})
                deadline = time.monotonic() + receiver.wait
                while time.monotonic() < deadline and receiver._server is not None:
                    time.sleep(0.02)
                with contextlib.suppress(OSError):
                    self.send_response(receiver.status)
                    if receiver.location:
                        self.send_header("Location", receiver.location)
                    self.end_headers()
                    self.wfile.write(receiver.answer)

            def do_GET(self) -> None:
                """As a login page, or a list of topics, that anybody may look at."""
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_words: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_words: object) -> None:
                pass

        self._server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Nobody listens there any more."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()

    @property
    def texts(self) -> list[str]:
        """What the messages said."""
        return [one["message"] for one in self.got]

    def until(self, words: str, within: float = 10.0, since: int = 0) -> dict[str, Any]:
        """Wait for the first message with these words."""

        def look() -> dict[str, Any] | None:
            return next((one for one in self.got[since:] if words in one["message"]), None)

        found = eventually(look, within, f"a message with {words!r}; got {self.texts}")
        assert found is not None
        return found
