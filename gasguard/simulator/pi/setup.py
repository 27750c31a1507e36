"""From a configuration to the relay boards on a simulated Pi's header."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from gasguard.config.flames import AdcFlame
from gasguard.config.load import Config
from gasguard.config.relays.base import RelayConfig
from gasguard.config.relays.gpio import GpioRelay
from gasguard.simulator.channels import Address, Key
from gasguard.simulator.pi.chip import SimulatedChip
from gasguard.simulator.pi.i2c import SimulatedAds1115, SimulatedBus
from gasguard.simulator.pi.relays import COIL
from gasguard.simulator.seeding import stream

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


@dataclass(frozen=True, slots=True)
class Couple:
    """A burner's thermocouple at the converter that measures it."""

    converter: SimulatedAds1115
    inputs: tuple[int, int]

    def disturb(self, fault: str) -> None:
        """From now on this is wrong with it: one of `FAULTS`."""
        self.converter.faults[self.inputs] = fault


def wire_couples(
    config: Config,
    chip: SimulatedChip,
    millivolts: Callable[[str], float],
    *,
    time: Callable[[], float],
    seed: int,
) -> dict[str, Couple]:
    """Put a converter on a bus for every flame that is measured so; `millivolts` of a burner."""
    couples = {}
    for burner_id, burner in config.burners.items():
        if isinstance(flame := burner.flame, AdcFlame):
            bus = chip.buses.setdefault(flame.bus, SimulatedBus(time))
            random = stream(seed, f"converter {flame.bus} {flame.address}")
            converter = bus.converters.setdefault(flame.address, SimulatedAds1115(random, time))
            converter.inputs[flame.inputs] = partial(millivolts, burner_id)
            couples[burner_id] = Couple(converter, flame.inputs)
    return couples
