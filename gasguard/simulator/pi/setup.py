"""From a configuration to the relay boards on a simulated Pi's header."""

from gasguard.config.load import Config
from gasguard.config.relays.base import RelayConfig
from gasguard.config.relays.gpio import GpioRelay
from gasguard.simulator.channels import Address, Key
from gasguard.simulator.pi.relays import COIL

Pins = dict[Address, GpioRelay]
"""The boards by their place: `("GPIO 17", 0)`."""


def place_of_pin_relay(relay: RelayConfig) -> tuple[Address, Key]:
    """The board and its coil."""
    if not isinstance(relay, GpioRelay):
        raise TypeError(f"{type(relay).__name__} is no relay on a pin")
    return (f"GPIO {relay.line}", 0), COIL


def plan_pins(config: Config) -> Pins:
    """Every board that the configuration describes."""
    relays = (relay for burner in config.burners.values() for relay in burner.in_series)
    return {place_of_pin_relay(one)[0]: one for one in relays if isinstance(one, GpioRelay)}
