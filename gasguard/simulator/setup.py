"""Where a configuration's relays sit in the simulated circuits, whatever they speak."""

from collections.abc import Callable
from dataclasses import dataclass

from gasguard.config.relays.base import RelayConfig
from gasguard.errors import ConfigError
from gasguard.simulator.channels import Address, Key
from gasguard.simulator.miio.setup import place_of_mi_relay
from gasguard.simulator.mqtt.setup import place_of_mqtt_relay
from gasguard.simulator.pi.setup import place_of_pin_relay

_PLACES: dict[str, Callable[[RelayConfig], tuple[Address, Key]]] = {
    "miot": place_of_mi_relay,
    "miio": place_of_mi_relay,
    "mqtt": place_of_mqtt_relay,
    "gpio": place_of_pin_relay,
}
"""By `driver:`."""


@dataclass(frozen=True, slots=True)
class Wired:
    """One relay contact in a burner's circuit."""

    address: Address
    key: Key
    opens_when: bool
    """What the switch reads while the contact opens the thermocouple circuit."""


def wired(relay: RelayConfig) -> Wired:
    """Where this relay sits in the circuit, and which way round.

    Raises ConfigError for a family that nobody has simulated.
    """
    if relay.driver not in _PLACES:
        raise ConfigError([f"driver: {relay.driver} has no simulated relays"])
    return Wired(*_PLACES[relay.driver](relay), relay.opens_when)
