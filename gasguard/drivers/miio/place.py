"""Where a device is: an address, or a name that is looked up beside the calls.

A name server may take seconds, say nothing, or know a new address tomorrow: no call waits for it
longer than its own limit, none takes an answer away with it, and the last good address is kept.
"""

import asyncio
import ipaddress
import logging
from collections.abc import Sequence

from gasguard.drivers.names import LookUp, look_up

log = logging.getLogger(__name__)

LOOK_AGAIN_AFTER = 2.0
"""Seconds from the end of one look-up to the beginning of the next."""

_ASK_EVERY = 0.02
"""Seconds between two thoughts of whoever waits for a name's first address."""


class Place:
    """One device's address, for all its channels. Lives on the event loop."""

    def __init__(self, host: str, port: int, look_up: LookUp = look_up) -> None:
        self.named = f"{host}:{port}"
        """As the configuration has it, for messages to people."""
        self._host, self._port, self._look_up = host, port, look_up
        self._numeric = _is_numeric(host)
        self._addresses: Sequence[str] = [host] if self._numeric else []
        self._turn = 0
        self._looking: asyncio.Task[None] | None = None
        self._look_after = float("-inf")
        self.problem = ""
        """Why the last look-up found nothing."""

    @property
    def address(self) -> tuple[str, int] | None:
        """Where to send now; None while the name has never been found."""
        if not self._addresses:
            return None
        return self._addresses[self._turn % len(self._addresses)], self._port

    async def known(self) -> tuple[str, int]:
        """The address, as soon as there is one."""
        while (address := self.address) is None:
            self.doubt()
            await asyncio.sleep(_ASK_EVERY)
        return address

    def doubt(self) -> None:
        """Nothing comes from there: look again, beside everything else. Never waits."""
        now = asyncio.get_running_loop().time()
        if self._numeric or self._looking is not None or now < self._look_after:
            return
        self._looking = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            addresses = await self._look_up(self._host)
        except OSError as error:
            self.problem = f"the name {self._host} is not found ({error.strerror or error})"
            log.debug("%s: %s", self.named, self.problem)
        else:
            self._heard(addresses)
        finally:
            self._look_after = loop.time() + LOOK_AGAIN_AFTER
            self._looking = None

    def _heard(self, addresses: Sequence[str]) -> None:
        self.problem = ""
        if list(addresses) != list(self._addresses):
            log.info("%s: is at %s", self.named, ", ".join(addresses))
            self._turn = 0
        else:
            # The same ones, and nothing comes from this one: the next.
            self._turn += 1
        self._addresses = addresses

    async def aclose(self) -> None:
        """Give up a look-up under way."""
        if self._looking is not None:
            self._looking.cancel()


def _is_numeric(host: str) -> bool:
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True
