"""The demo's embedded MQTT broker."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator
from typing import Any

from gasguard.errors import GasguardError

_NOT_INSTALLED = (
    "the demo's broker is not installed here (no {missing}). In a folder with gasguard's "
    "sources `make demo` sets up all of it, as `pip install '.[demo]'` does; Debian's package "
    "guards stoves and leaves the demo out"
)


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
    """A broker for this machine only, open to everyone on it, for as long as the block lasts.

    Raises OSError when it cannot begin, GasguardError when amqtt is not installed.
    """
    try:
        from amqtt.broker import Broker
        from amqtt.errors import BrokerError, ProtocolHandlerError
    except ModuleNotFoundError as error:
        raise GasguardError(_NOT_INSTALLED.format(missing=error.name)) from None

    def unheard(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What amqtt leaves behind is no trouble: a client that goes while it is answered, or has
        not said all of its CONNECT when the broker ends."""
        left_behind = (ProtocolHandlerError, asyncio.CancelledError)
        if not isinstance(context.get("exception"), left_behind):
            loop.default_exception_handler(context)

    asyncio.get_running_loop().set_exception_handler(unheard)
    for name in ("amqtt", "transitions"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    anonymous = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}

    class Discreet(Broker):  # type: ignore[misc] # amqtt is not typed
        """amqtt also sends each newcomer all retained messages that others have subscribed to.

        A client that has published and gone by then answers with a reset, and what it published is
        lost: one `mosquitto_pub` in four (measured in the demo).
        """

        async def _publish_retained_messages_for_subscription(
            self, subscription: tuple[str, int], session: Any
        ) -> None:
            holders = self._subscriptions.get(subscription[0], ())
            if any(holder is session for holder, _ in holders):
                await super()._publish_retained_messages_for_subscription(subscription, session)

    broker = Discreet(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
            "plugins": anonymous,
        }
    )
    try:
        await broker.start()
    except BrokerError as error:
        raise OSError(str(error)) from error
    try:
        yield
    finally:
        await broker.shutdown()
