"""uvicorn, which ends when it is told to: with streams open, within two seconds."""

import asyncio
import contextlib
import errno
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

from gasguard.errors import GasguardError
from gasguard.interfaces.web.limits import server_settings
from gasguard.interfaces.web.settings import Settings

log = logging.getLogger(__name__)

_END_WITHIN = 1
"""Seconds that requests have to be answered once the end has begun."""
LEASH = 0
"""Standard input."""


class _Server(uvicorn.Server):
    """Signals end the streams first: uvicorn waits for every answer, and a stream has no end."""

    def __init__(
        self, config: uvicorn.Config, end_streams: Callable[[], None], leash: int | None
    ) -> None:
        super().__init__(config)
        self._end_streams, self._leash = end_streams, leash

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Instead of uvicorn's, which ends the process by the signal once all is done."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)
        if self._leash is not None:
            loop.add_reader(self._leash, self._look_at_leash, self._leash)
        # The handlers stay until the process has ended: a second signal must not end it half-way.
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn does it; it would tell of every answer that it cuts off, with a traceback."""
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        await super().shutdown(sockets)

    def _look_at_leash(self, leash: int) -> None:
        if not os.read(leash, 1024):
            asyncio.get_running_loop().remove_reader(leash)
            self._end()

    def _end(self) -> None:
        self._end_streams()
        self.should_exit = True


def serve(
    app: ASGIApp, end_streams: Callable[[], None], listener: socket.socket, leash: int | None
) -> None:
    """Serve until SIGTERM or SIGINT, or until `leash`, a pipe, is let go at its other end."""
    config = uvicorn.Config(app, timeout_graceful_shutdown=_END_WITHIN, **server_settings())
    server = _Server(config, end_streams, leash)
    asyncio.run(server.serve([listener]))


def listening(settings: Settings) -> socket.socket:
    """Raises GasguardError with what to do."""
    if settings.listener is not None:
        return socket.socket(fileno=settings.listener)
    host, port = settings.host, settings.port
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        return socket.create_server(
            address[:2], family=family, dualstack_ipv6=family == socket.AF_INET6 and host == "::"
        )
    except (OSError, UnicodeError) as error:
        raise GasguardError(_why(host, port, error)) from None


def place(listener: socket.socket) -> str:
    """Where browsers find it, for people."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - it is read, not bound
        return f"http://{socket.gethostname()}:{port}/ and all other addresses of this machine"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _why(host: str, port: int, error: OSError | UnicodeError) -> str:
    if isinstance(error, socket.gaierror | UnicodeError) or error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine; write one below web: host:, or 0.0.0.0"
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} is in use already: end what listens there "
            f"(sudo ss -tlnp 'sport = :{port}' shows it), or write another below web: port:"
        )
    if error.errno == errno.EACCES:
        return f"port {port} is not for ordinary users; write one above 1023 below web: port:"
    return f"nothing can be served at {host}:{port}: {error.strerror or error}"
