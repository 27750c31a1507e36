"""The demo's embedded MQTT broker."""

import contextlib
import logging
import socket
from collections.abc import AsyncIterator

from gasguard.errors import GasguardError


def free_port(wanted: int | None, usual: int, kind: socket.SocketKind) -> int:
    """`wanted`, which must be free; any free one for 0; for None the `usual` one if it is free.

    Raises GasguardError when `wanted` is taken.
    """
    for port in (usual, 0) if wanted is None else (wanted,):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind is socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                if wanted is not None:
                    raise GasguardError(
                        f"port {port} on 127.0.0.1: {error.strerror}; 0 means any free one"
                    ) from None
                continue
            found: int = probe.getsockname()[1]
            return found
    raise GasguardError("no free port on 127.0.0.1")


@contextlib.asynccontextmanager
async def embedded_broker(port: int) -> AsyncIterator[None]:
    """A broker for this machine only, open to everyone on it, for as long as the block lasts."""
    from amqtt.broker import Broker

    for name in ("amqtt", "transitions"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    anonymous = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
            "plugins": anonymous,
        }
    )
    await broker.start()
    try:
        yield
    finally:
        await broker.shutdown()
