"""The converter ADS1115: millivolts between two of its inputs.

Numbers are those of its data sheet (Texas Instruments, SBAS444E): registers in section 8.6, noise
in table 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gasguard.drivers.board import I2c

FULL_SCALE = 256.0
"""mV either way at its highest gain; one step is 7.8125 µV."""
WINDOW = 0.1
"""Seconds over which one measurement goes: five periods of 50 Hz and six of 60 Hz, so that the mean
is without either."""
_CONVERSION, _CONFIG = 0, 1
_BETWEEN = {(0, 1): 0b000, (2, 3): 0b011}
_TO_GROUND = {0: 0b100, 2: 0b110}
_HIGHEST_GAIN, _TO_SUPPLY = 0b101, 0b001
_SUPPLY_SCALE = 4096.0
"""mV, at the gain for what may be as high as the supply."""
_CONTINUOUS, _860_PER_S, _NO_COMPARATOR = 0 << 8, 0b111 << 5, 0b11
_BUSY_BIT = 0x8000
_SETTLES = 0.004
"""Seconds: three conversions. The first may be of what was measured before."""
_APART = 0.001
_FEWEST = 20
"""Readings in a window, however slow the bus: less show no hum."""
_GLANCE = 0.02
"""Seconds: one period of 50 Hz."""


class NotThatConverter(Exception):
    """Something answers at the address, but not as an ADS1115 does."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was there within one window."""

    samples: Sequence[float]
    """mV between the two inputs."""
    height: float
    """mV from the converter's ground to the first of them."""


def measure(bus: I2c, address: int, inputs: tuple[int, int]) -> Measured:
    """Look at the inputs many times within `WINDOW`, and once at how high they are.

    Raises OSError where the bus or the converter does not answer, NotThatConverter.
    """
    to_ground = _TO_GROUND[inputs[0]], _TO_SUPPLY
    heights = _readings(bus, address, *to_ground, _SUPPLY_SCALE, _GLANCE)
    between = _BETWEEN[inputs], _HIGHEST_GAIN
    samples = _readings(bus, address, *between, FULL_SCALE, WINDOW)
    return Measured(samples, sum(heights) / len(heights))


def _readings(
    bus: I2c, address: int, mux: int, gain: int, scale: float, within: float
) -> list[float]:
    config = mux << 12 | gain << 9 | _CONTINUOUS | _860_PER_S | _NO_COMPARATOR
    bus.write(address, _CONFIG, config)
    if bus.read(address, _CONFIG) & ~_BUSY_BIT != config:
        raise NotThatConverter
    bus.pause(_SETTLES)
    found: list[float] = []
    began = bus.now()
    while bus.now() < began + within or len(found) < _FEWEST:
        word = bus.read(address, _CONVERSION)
        found.append((word - 0x10000 if word & 0x8000 else word) * scale / 0x8000)
        bus.pause(_APART)
    return found
