"""What readings at the converter's inputs say of a thermocouple, and of the wires to it.

The circuit is that of firmware_notes/pins.md: 1 kΩ in each lead at the stove's end, and at the
converter, whose bus is isolated, 2.2 MΩ from 3.3 V to the plus input and from the minus input to
ground. So a sound circuit reads 1.5 mV more than its thermocouple gives, wires that touch behind
the 1 kΩ read nothing, and an open one reads far beyond any thermocouple. Where the converter's
ground is the stove's, an open minus would look sound: then the inputs are not half as high as the
supply.
Nothing that is wrong ever reads as a cold thermocouple.
"""

from gasguard.drivers.adc.ads1115 import FULL_SCALE, Measured

_SUPPLY_MV, _LEADS_OHM, _BIAS_OHM = 3300.0, 2 * 1_000.0, 2 * 2_200_000.0
OFFSET = _SUPPLY_MV * _LEADS_OHM / _BIAS_OHM
"""mV that the bias makes in the leads."""
_MOST = 60.0
"""mV. A healthy thermocouple gives 18 to 30 at full flame with its circuit open."""
_TOUCHING = 0.3
"""mV either way of zero. A cold thermocouple gives −1.2 to 1.2 (60 µV/K, 20 K between its ends)
and reads above it; the converter is off by some 0.01."""
_HUM = 5.0
"""mV from peak to peak within a window; the converter's own noise is 0.04."""
_LOWEST, _HIGHEST = 0.3 * _SUPPLY_MV, 0.7 * _SUPPLY_MV
"""mV that both inputs are above ground: half the supply, by two equal resistors."""
_AT_THE_END = FULL_SCALE - 0.1


def judge(measured: Measured) -> float | str:
    """The thermocouple's mV, or what is wrong, to stand behind "the flame sensor"."""
    samples = measured.samples
    mean, low, high = sum(samples) / len(samples), min(samples), max(samples)
    swing = high - low
    if swing > _HUM and (low < -_MOST or abs(mean) <= _MOST):
        return (
            f"hears {swing:.0f} mV of mains hum: is a wire off, or beside a mains cable? Twist the "
            "two"
        )
    if high >= _AT_THE_END or abs(mean) > _MOST:
        return f"reads {mean:.0f} mV, which no thermocouple gives: a wire to it is open"
    if not swing:
        return (
            f"reads {mean:.2f} mV without the least noise: its converter stands still, or the bus "
            "is stuck"
        )
    if not _LOWEST <= measured.height <= _HIGHEST:
        return (
            f"is {measured.height / 1000:.1f} V above its converter's ground, which should be free "
            "of the stove's: isolate the bus"
        )
    if abs(mean) < _TOUCHING:
        return (
            f"reads {mean:.2f} mV, less than a cold thermocouple here: its wires touch, or the "
            "2.2 MΩ are missing"
        )
    if mean < 0:
        return f"reads {mean - OFFSET:.1f} mV: the two wires of its thermocouple are swapped"
    return mean - OFFSET
