"""uvicorn, which ends when it is told to: with streams open, within two seconds."""

import asyncio
import contextlib
import errno
import logging
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

from gasguard.errors import GasguardError
from gasguard.interfaces.web.limits import server_settings

log = logging.getLogger(__name__)

_END_WITHIN = 1
"""Seconds that requests have to be answered once the end has begun."""


class _Server(uvicorn.Server):
    """Signals end the streams first: uvicorn waits for every answer, and a stream has no end."""

    def __init__(self, config: uvicorn.Config, end_streams: Callable[[], None]) -> None:
        super().__init__(config)
        self._end_streams = end_streams

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Instead of uvicorn's, which ends the process by the signal once all is done."""
        loop = asyncio.get_running_loop()
        numbers = (signal.SIGTERM, signal.SIGINT)
        for number in numbers:
            loop.add_signal_handler(number, self._end)
        yield
        for number in numbers:
            loop.remove_signal_handler(number)

    def _end(self) -> None:
        self._end_streams()
        self.should_exit = True


def serve(app: ASGIApp, end_streams: Callable[[], None], listener: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT."""
    config = uvicorn.Config(app, timeout_graceful_shutdown=_END_WITHIN, **server_settings())
    server = _Server(config, end_streams)
    asyncio.run(server.serve([listener]))


def listen(host: str, port: int) -> socket.socket:
    """Raises GasguardError with what to do."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        return socket.create_server(
            address[:2], family=family, dualstack_ipv6=family == socket.AF_INET6 and host == "::"
        )
    except OSError as error:
        raise GasguardError(_why(host, port, error)) from None


def _why(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} is in use already: end what listens there "
            f"(sudo ss -tlnp 'sport = :{port}' shows it), or write another below web: port:"
        )
    if error.errno == errno.EACCES:
        return f"port {port} is not for ordinary users; write one above 1023 below web: port:"
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return f"{host} is no address of this machine; write one below web: host:, or 0.0.0.0"
    return f"nothing can be served at {host}:{port}: {error.strerror or error}"
