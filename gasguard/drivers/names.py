"""Names of devices on the network, as the operating system finds them."""

import asyncio
import logging
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence

log = logging.getLogger(__name__)

LookUp = Callable[[str], Awaitable[Sequence[str]]]
"""A name's numeric addresses, the best first. Raises OSError; may take as long as it likes."""


async def look_up(name: str) -> Sequence[str]:
    """The operating system's own: hosts file, DNS, mDNS. IPv4, as all relays. Raises OSError.

    In a thread of its own that nothing waits for: a resolver that hangs must neither fill a pool
    that others need nor hold up the end of the process.
    """
    loop = asyncio.get_running_loop()
    found: asyncio.Future[Sequence[str]] = loop.create_future()

    def settle(addresses: Sequence[str], error: OSError | None) -> None:
        if found.done():
            return
        if error is not None:
            found.set_exception(error)
        else:
            found.set_result(addresses)

    def ask() -> None:
        addresses: list[str] = []
        problem: OSError | None = None
        try:
            answers = socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_DGRAM)
            addresses = [str(address[0]) for *_, address in answers]
        except ValueError:
            problem = OSError(None, "is no name")
        except OSError as error:
            problem = error
        try:
            loop.call_soon_threadsafe(settle, addresses, problem)
        except RuntimeError:
            log.debug("%s: looked up after the end", name)

    threading.Thread(target=ask, name=f"look up {name}", daemon=True).start()
    return await found
