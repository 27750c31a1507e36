"""What every flame sensor declares, whatever its wire; and the one on this machine's own bus."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from gasguard.config.fields import Duration, Number, Strict, Whole
from gasguard.config.relays.base import Claim
from gasguard.quantities import parse_quantity

_TRUST = {"measured": "shutoff", "inferred": "warn"}
_ADDRESSES = range(0x48, 0x4C)
"""Those of an ADS1115, by what its ADDR is tied to: ground, supply, SDA, SCL."""
_SAME_INPUT = (
    "is the input of {other} too; one flame cannot speak for two burners: each needs its own "
    "thermocouple and inputs (channel: 0-1 or 2-3)"
)


class FlameConfig(Strict):
    """A flame sensor, so that nobody has to know kinds."""

    driver: str
    kind: Literal["flame"] = "flame"
    """Needed under `sensors:` only, where sensors of all kinds stand."""
    evidence: Literal["measured", "inferred"] = "measured"
    """Inferred is what outlasts the flame, or only goes with it: a pan's heat, a knob, what a hood
    reports."""
    trust: Literal["shutoff", "warn"] | None = None
    """Whether limits shut off on its word, or only warn. By default a measured one's does."""
    expire_after: Duration = Field(15.0, ge=2, le=7 * 24 * 3600)
    """Its silence for so long makes what it said worth nothing."""

    @property
    def shuts_off(self) -> bool:
        """Whether limits shut off on its word."""
        return (self.trust or _TRUST[self.evidence]) == "shutoff"

    def claims(self) -> Iterator[Claim]:
        """What it needs for itself."""
        yield from ()

    def i2c_bus(self) -> int | None:
        """The number of the machine's I²C bus that it hangs on, if it does."""
        return None


def _in_millivolts(value: object) -> object:
    """A unit behind the number is understood, as in the levels of other sensors."""
    quantity = parse_quantity(value) if isinstance(value, str) else None
    return quantity.number if quantity is not None and quantity.unit == "mV" else value


Millivolt = Annotated[Number, BeforeValidator(_in_millivolts)]


class Millivolts(FlameConfig):
    """The stove's own thermocouple, measured."""

    lit_above: Millivolt = Field(6.0, gt=0, le=30)
    """mV. Less than the 9 mV that a magnet just held in reads at 10 mΩ added resistance."""
    out_below: Millivolt = Field(3.0, gt=0, le=30)
    """mV. Less than the 3.75 mV at which that magnet drops out."""
    expire_after: Duration = Field(15.0, ge=2, le=600)

    @model_validator(mode="after")
    def _levels_apart(self) -> Self:
        if self.out_below >= self.lit_above:
            raise ValueError(
                "out_below must be less than lit_above (millivolts, for example 3 and 6)"
            )
        return self


def _address(value: object) -> object:
    said = str(value).strip().lower()
    if re.fullmatch(r"0x[0-9a-f]{1,4}", said):
        number = int(said, 16)
    else:
        number = int(said) if re.fullmatch(r"[0-9]{1,4}", said) else -1
    if isinstance(value, bool) or number not in _ADDRESSES:
        raise ValueError("is an ADS1115's address: 0x48, 0x49, 0x4a or 0x4b (i2cdetect -y 1)")
    return number


class AdcFlame(Millivolts):
    """Measured by an ADS1115 on this machine's I²C bus: see firmware_notes/pins.md."""

    driver: Literal["adc"]
    bus: Whole = Field(1, ge=0, le=63)
    """The bus of a Pi's header is 1 (GPIO 2 and 3)."""
    address: Annotated[int, BeforeValidator(_address)] = 0x48
    channel: Literal["0-1", "2-3"] = "0-1"
    """The inputs between which the thermocouple is; its plus at the first."""

    @property
    def inputs(self) -> tuple[int, int]:
        """Those of the converter."""
        plus, minus = self.channel.split("-")
        return int(plus), int(minus)

    def claims(self) -> Iterator[Claim]:
        """See `FlameConfig.claims`."""
        place = ("ads1115", self.bus, self.address)
        yield Claim("channel", place, frozenset(self.inputs), _SAME_INPUT)

    def i2c_bus(self) -> int | None:
        """See `FlameConfig.i2c_bus`."""
        return self.bus
