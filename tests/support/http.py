"""HTTP as an attacker speaks it: bytes over a socket, and answers as they come."""

import contextlib
import json
import socket
import time
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Answer:
    """One answer. `status` is 0 where the connection ended without any."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    took: float = 0.0
    cookies: list[str] = field(default_factory=list)

    @property
    def data(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def cookie(self) -> str:
        """`name=value` of the first cookie that it sets."""
        return self.cookies[0].partition(";")[0]


class Client:
    """Speaks to one server, from any address of this machine's loopback."""

    def __init__(self, port: int, *, host: str | None = None, source: str = "127.0.0.1") -> None:
        """`host` is what its requests say; without one they come from this machine itself."""
        self.port, self.source = port, source
        self.host = host if host is not None else f"127.0.0.1:{port}"
        self.cookie = ""

    def connect(self, within: float = 10.0) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), within, (self.source, 0))

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, **headers)

    def post(
        self, path: str, data: Any = None, *, form: str | None = None, **headers: str
    ) -> Answer:
        """`data` is sent as JSON, `form` as it stands."""
        if form is not None:
            headers.setdefault("content_type", "application/x-www-form-urlencoded")
            return self.request("POST", path, form.encode(), **headers)
        if data is not None:
            headers.setdefault("content_type", "application/json")
            return self.request("POST", path, json.dumps(data).encode(), **headers)
        return self.request("POST", path, **headers)

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """Header names with `_` for `-`; a `host` of theirs counts."""
        said = {"host": self.host, **headers}
        if self.cookie:
            said.setdefault("cookie", self.cookie)
        if body is not None:
            said.setdefault("content_length", str(len(body)))
        lines = [f"{method} {path} HTTP/1.1"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in said.items()]
        return self.raw(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (body or b""))

    def raw(self, data: bytes, within: float = 10.0) -> Answer:
        """Send these bytes on a connection of their own; the first answer."""
        with self.connect(within) as connection:
            begun = time.monotonic()
            # Whoever is refused in the middle of what he says still has an answer to read.
            with contextlib.suppress(ConnectionError):
                connection.sendall(data)
            answer = answer_on(connection, head_only=data.startswith(b"HEAD "))
            answer.took = time.monotonic() - begun
            return answer


def answer_on(connection: socket.socket, *, head_only: bool = False) -> Answer:
    """The next answer on a connection; status 0 where it ends first."""
    data = b""
    with contextlib.suppress(ConnectionError, TimeoutError):
        while b"\r\n\r\n" not in data and (more := connection.recv(65536)):
            data += more
    head, _, body = data.partition(b"\r\n\r\n")
    if not head:
        return Answer(0)
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = [(name.lower(), value.strip()) for name, _, value in (x.partition(":") for x in lines)]
    headers = dict(pairs)
    length = int(headers["content-length"]) if "content-length" in headers else None
    with contextlib.suppress(ConnectionError, TimeoutError):
        while not head_only and (length is None or len(body) < length):
            if not (more := connection.recv(65536)):
                break
            body += more
    cookies = [value for name, value in pairs if name == "set-cookie"]
    return Answer(int(first.split()[1]), headers, body, cookies=cookies)
