"""A relay as it has been described so far: made, tried and asked."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from gasguard.assemble import Drivers
from gasguard.cli.setup.plan import resolved
from gasguard.config.broker import Mqtt
from gasguard.config.relays.base import RelayConfig
from gasguard.config.relays.families import AnyRelay
from gasguard.drivers.base import Relay
from gasguard.drivers.bus import Bus
from gasguard.drivers.mqtt.connection import BrokerBus
from gasguard.errors import GasguardError

_RELAY: TypeAdapter[Any] = TypeAdapter(AnyRelay)
ASSUMED = "normally_open"
"""As long as nobody knows the wiring: then a closed contact is a switch that is on."""


def settings_of(described: Mapping[str, Any], folder: Path, contact: str = ASSUMED) -> RelayConfig:
    """The settings of a relay. Raises GasguardError where they are none."""
    told = {key: resolved(value, folder) for key, value in described.items()}
    try:
        found: RelayConfig = _RELAY.validate_python({**told, "contact": contact}, context=folder)
    except ValidationError as error:
        faults = "; ".join(one["msg"].removeprefix("Value error, ") for one in error.errors())
        raise GasguardError(faults) from None
    return found


def bus_of(mqtt: Mapping[str, Any], folder: Path) -> Bus:
    """A connection to the broker under an id of its own: it pushes nobody out."""
    told = {key: resolved(value, folder) for key, value in mqtt.items()}
    return BrokerBus(Mqtt.model_validate(told, context=folder), client_id="")


@asynccontextmanager
async def driver_of(
    described: Mapping[str, Any], mqtt: Mapping[str, Any], folder: Path
) -> AsyncIterator[Relay]:
    """Its driver, for as long as the block lasts. The relay stays as it is."""
    drivers = Drivers(lambda: bus_of(mqtt, folder))
    relay = drivers.relay(settings_of(described, folder))
    try:
        yield relay
    finally:
        await relay.aclose()
