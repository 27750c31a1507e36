"""A relay as it has been described so far: made, tried and asked."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from gasguard.assemble import Drivers
from gasguard.cli.setup.plan import resolved
from gasguard.config.parts import mqtt_of, relay_of
from gasguard.config.relays.base import RelayConfig
from gasguard.core.model import Contact
from gasguard.drivers.base import CALL_WITHIN, Relay, Wiring
from gasguard.drivers.board import Board
from gasguard.drivers.bus import Bus
from gasguard.drivers.mqtt.connection import BrokerBus
from gasguard.errors import DriverError, GasguardError, Unreachable

_PAUSE = 0.05
"""Seconds between two tries at a relay that does not answer."""
_ASSUMED = ("normally_open", "normally_closed")
"""As long as nobody knows the wiring: the first one of which nothing else in it is a fault."""


class Switch:
    """A relay as its switch alone: on and off, whatever is wired to it."""

    def __init__(self, relay: Relay, assumed: Wiring) -> None:
        """`assumed` is what its driver was made with."""
        self._relay, self._wiring = relay, assumed

    async def is_on(self, within: float) -> bool:
        """As read back. Raises DriverError."""
        contact = (await self._relay.read(within)).contact
        return contact is self._wiring.contact_for(True)

    async def set(self, on: bool, within: float) -> None:
        """Switch it until it reads back so. Raises DriverError."""
        loop = asyncio.get_running_loop()
        deadline, trouble = loop.time() + within, None
        wanted = self._wiring.contact_for(on)
        call = self._relay.open if wanted is Contact.OPEN else self._relay.close
        while loop.time() < deadline:
            try:
                await call(CALL_WITHIN)
                if await self.is_on(CALL_WITHIN) == on:
                    return
            except DriverError as error:
                trouble = error
                await asyncio.sleep(_PAUSE)
        raise trouble or Unreachable("it answers, and does not switch: is it in jog mode (点动)?")


def settings_of(
    described: Mapping[str, Any], folder: Path, contact: str | None = None
) -> RelayConfig:
    """The settings of a relay, of whatever wiring where none is told. Raises GasguardError."""
    if contact is None:
        try:
            return settings_of(described, folder, _ASSUMED[0])
        except GasguardError:
            return settings_of(described, folder, _ASSUMED[1])
    told = {key: resolved(value, folder) for key, value in described.items()}
    return relay_of({**told, "contact": contact}, folder)


def bus_of(mqtt: Mapping[str, Any], folder: Path) -> Bus:
    """A connection to the broker under an id of its own: it pushes nobody out."""
    told = {key: resolved(value, folder) for key, value in mqtt.items()}
    return BrokerBus(mqtt_of(told, folder), client_id="")


@asynccontextmanager
async def switch_of(
    described: Mapping[str, Any], mqtt: Mapping[str, Any], folder: Path, board: Board | None = None
) -> AsyncIterator[Switch]:
    """Its switch, for as long as the block lasts; left as it is then. `board` as `Drivers` has it.

    Raises GasguardError for what is no relay.
    """
    drivers = Drivers(lambda: bus_of(mqtt, folder), board=board)
    settings = settings_of(described, folder)
    relay = drivers.relay(settings)
    try:
        yield Switch(relay, Wiring(settings.opens_when))
    finally:
        await relay.aclose()
