"""How much of the server one client may have: uvicorn's HTTP/1.1 connection, with limits.

uvicorn waits for ever for the rest of a request, and for whoever does not read its answer
(measured). Whoever comes always gets in: where there is no room, the connection that does least
makes it, first one of the same address. An off must not wait behind hundreds of half a request.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Callable
from enum import IntEnum
from functools import partial
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from gasguard.interfaces.web.hosts import address_of

HEAD_WITHIN = 5.0
"""Seconds from the first byte of a request, or from the connection, to the end of its head."""
IDLE_FOR = 15
"""Seconds that a connection is kept for another request."""
READ_WITHIN = 10.0
"""Seconds that a client may leave unread what waits for it."""
GONE_AFTER = 20_000
"""Milliseconds after which a client that acknowledges nothing has gone (TCP_USER_TIMEOUT)."""
HEAD_ROOM = 16 * 1024
"""Bytes of a head that is not complete."""
UNREAD_ROOM = 64 * 1024
"""Bytes that wait for a client, here and once more in the kernel."""
PER_ADDRESS, IN_ALL = 64, 256
"""Connections. A phone has up to seven; behind a proxy all have one address."""

_QUEUED = 100
"""Connections that wait in the kernel until they are accepted."""


class _Does(IntEnum):
    """What a connection is there for at the moment; the least makes room first."""

    IDLE = 0
    SENDING_HEAD = 1
    SENDING_BODY = 2
    ANSWERED = 3


class Connections:
    """All of one server, the oldest first, by where they come from."""

    def __init__(self) -> None:
        self._from: dict[str, dict[LimitedProtocol, None]] = {}

    def add(self, one: "LimitedProtocol") -> None:
        """Take it in; where there is no room, another goes."""
        those = self._from.setdefault(one.source, {})
        if len(those) >= PER_ADDRESS:
            self._make_room(those)
        elif sum(map(len, self._from.values())) >= IN_ALL:
            self._make_room(max(self._from.values(), key=len))
        self._from.setdefault(one.source, {})[one] = None

    def remove(self, one: "LimitedProtocol") -> None:
        """It has ended."""
        those = self._from.get(one.source, {})
        those.pop(one, None)
        if not those:
            self._from.pop(one.source, None)

    def _make_room(self, those: "dict[LimitedProtocol, None]") -> None:
        # min() takes the first of equals: the oldest.
        goes = min(those, key=lambda one: one.does)
        self.remove(goes)
        goes.transport.abort()


class LimitedProtocol(H11Protocol):
    """One connection."""

    def __init__(self, *args: Any, connections: Connections, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limited = connections
        self.source = ""
        self._head_timer, self._unread_timer = _Timer(), _Timer()

    @property
    def does(self) -> _Does:
        """What it is there for at the moment."""
        if self.cycle is not None and not self.cycle.response_complete:
            return _Does.ANSWERED if not self.cycle.more_body else _Does.SENDING_BODY
        return _Does.SENDING_HEAD if self.conn.trailing_data[0] else _Does.IDLE

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.source = _source(self.client[0] if self.client else "")
        transport.set_write_buffer_limits(UNREAD_ROOM)
        _limit_kernel(transport.get_extra_info("socket"))
        self.limited.add(self)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self.limited.remove(self)
        self._head_timer.stop()
        self._unread_timer.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        self._await_head()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY:
            # Answered already: nobody reads the rest, and it might go on for ever.
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """The contract's words in place of uvicorn's."""
        # A head that was sound has somebody who works on it: to whom nobody listens any more.
        begun = self.cycle if self.conn.our_state is h11.SEND_RESPONSE else None
        # In the middle of an answer there is no room for another.
        if begun is not None or self.conn.our_state is h11.IDLE:
            head_only = begun is not None and begun.scope["method"] == "HEAD"
            for event in _NO_REQUEST:
                if not (head_only and isinstance(event, h11.Data)):
                    self.transport.write(self.conn.send(event) or b"")
        if begun is not None:
            begun.disconnected = True
            begun.message_event.set()
        self.transport.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread_timer.start(READ_WITHIN, self.transport.abort)

    def resume_writing(self) -> None:
        self._unread_timer.stop()
        super().resume_writing()

    def _await_head(self) -> None:
        """Have the timer run while a request has begun whose head is not complete."""
        if self.conn.their_state is not h11.IDLE or self.transport.is_closing():
            self._head_timer.stop()
        elif not self._head_timer.runs:
            # Nobody is told: half a request is no request.
            self._head_timer.start(HEAD_WITHIN, self.transport.abort)


_MALFORMED = b'{"code": "malformed", "message": "this is no HTTP/1.1 request"}'
_HEADERS = {
    "content-type": "application/json",
    "content-length": str(len(_MALFORMED)),
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "connection": "close",
}
_NO_REQUEST = (
    h11.Response(status_code=400, reason="Bad Request", headers=list(_HEADERS.items())),
    h11.Data(data=_MALFORMED),
    h11.EndOfMessage(),
)


class _Timer:
    """Does something later, unless it is stopped."""

    def __init__(self) -> None:
        self._handle: asyncio.TimerHandle | None = None

    @property
    def runs(self) -> bool:
        return self._handle is not None

    def start(self, after: float, do: Callable[[], None]) -> None:
        """Anew, where it runs."""
        self.stop()
        self._handle = asyncio.get_running_loop().call_later(after, do)

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None


def server_settings() -> dict[str, Any]:
    """What `uvicorn.Config` is to be given for it, for one server.

    No header says whose the request is: anybody can write one (`proxy_headers`).
    """
    return {
        "http": partial(LimitedProtocol, connections=Connections()),
        "ws": "none",
        "proxy_headers": False,
        "server_header": False,
        "access_log": False,
        "log_config": None,
        "log_level": "error",  # a line for each bad request would be a way to fill the journal
        "timeout_keep_alive": IDLE_FOR,
        "h11_max_incomplete_event_size": HEAD_ROOM,
        "backlog": _QUEUED,
    }


def _source(peer: str) -> str:
    """Whose connection it is: IPv6 gives one household, and one machine, 2**64 addresses."""
    found = address_of(peer)
    if isinstance(found, ipaddress.IPv6Address) and not found.is_loopback:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found or peer)


def _limit_kernel(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNREAD_ROOM)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GONE_AFTER)
