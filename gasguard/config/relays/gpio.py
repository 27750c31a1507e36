"""Relays on the machine's own pins in the configuration: see firmware_notes/pins.md."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from gasguard.config.fields import Duration, Strict, Whole
from gasguard.config.relays.base import Claim, HeldLease, RelayConfig

PI_CHIPS = ("pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835")
"""Labels of the chip behind the header: Pi 5; Pi 4; those before it."""
SIMULATED = "simulated"
"""The chip of the demo's Pi: no program drives a real pin because of a demo's file."""
Level = Literal["high", "low"]
_HEADER = range(28)
"""GPIO numbers of a Pi's header (BCM2835 ARM Peripherals, section 6.2; RP1 Peripherals, 3.1)."""
_PULLED_UP = range(9)
"""Those of them that the chip pulls up at its reset; it pulls the others down."""
_OF_A_HAT = range(2)
_SERIAL_OUT = 14
"""Driven high at boot where the serial console is on."""
_OF_THE_BUS = (2, 3)
"""I²C, with 1.8 kΩ to 3.3 V on the board."""
_PI_PATHS = ("/dev/gpiochip0", "/dev/gpiochip4")
"""Where the kernels have put the header's chip."""
_SAME = "is the same pin as {other}; each needs one of its own"


def _chip(value: str) -> str:
    if found := re.fullmatch(r"(?:gpiochip)?([0-9]+)", value):
        raise ValueError(f"is a chip's label or its path; write auto, or /dev/gpiochip{found[1]}")
    if value.split() != [value] or ("/" in value and not value.startswith("/dev/")):
        raise ValueError("is a chip's label or its path; write auto, pinctrl-rp1, /dev/gpiochip0")
    return value


Line = Annotated[Whole, Field(ge=0, le=1023)]
"""A pin by its number on the chip (GPIO17 is 17), not by its place on the header."""


def pulled_to(line: int) -> Level:
    """Where a Pi pulls this pin from its reset on, until somebody makes it an output."""
    return "high" if line in _PULLED_UP else "low"


class Sense(Strict):
    """A second pin that measures what the contact does: a pole that moves with it."""

    line: Line
    active: Level = "low"
    """What it reads while the thermocouple circuit is open. Its pull goes the other way, so that a
    broken wire never looks open."""


class Pulse(Strict):
    """A third pin that feeds a charge pump: without its toggling the coil has no supply."""

    line: Line
    every: Duration = Field(0.05, ge=0.005, le=1)
    """Between two edges."""
    after: Duration = Field(15.0, ge=5, le=600)
    """The toggling ends so long after the guard has last asked for it."""


class GpioRelay(RelayConfig):
    """A relay whose coil one of this machine's pins drives."""

    driver: Literal["gpio"]
    chip: Annotated[str, AfterValidator(_chip)] = "auto"
    """`auto` is that of a Pi's header; else a chip's label, or its path."""
    line: Line
    active: Level
    """What drives the coil."""
    sense: Sense | None = None
    pulse: Pulse | None = None

    @property
    def on_a_pi(self) -> bool:
        """Whether the chip is surely that of a Pi's header, or stands for one."""
        return self.chip in ("auto", SIMULATED, *PI_CHIPS)

    @property
    def held_lease(self) -> HeldLease | None:
        """See `RelayConfig.held_lease`."""
        return HeldLease(self.pulse.after) if self.pulse else None

    @property
    def on_at_boot(self) -> bool:
        """Whether the coil is driven from the machine's reset on, until the guard is there."""
        return self.on_a_pi and pulled_to(self.line) == self.active

    def lines(self) -> Iterator[tuple[str, int]]:
        """Every pin that it needs, by its key."""
        yield "line", self.line
        if self.sense:
            yield "sense.line", self.sense.line
        if self.pulse:
            yield "pulse.line", self.pulse.line

    @model_validator(mode="after")
    def _on_the_header(self) -> Self:
        for key, line in self.lines() if self.on_a_pi else ():
            if line not in _HEADER:
                raise ValueError(
                    f"{key}: {line} is on no Pi's header; write the GPIO's number, 2 to 27 (GPIO17 "
                    "is 17), not its place on the header"
                )
            if line in _OF_A_HAT:
                raise ValueError(
                    f"{key}: {line} belongs to the EEPROM of a HAT, which is asked at each boot; "
                    "take another, for example 17"
                )
        return self

    @model_validator(mode="after")
    def _each_of_its_own(self) -> Self:
        taken: dict[int, str] = {}
        for key, line in self.lines():
            if line in taken:
                raise ValueError(f"{key} is the same pin as {taken[line]}; each needs its own")
            taken[line] = key
        return self

    @model_validator(mode="after")
    def _lets_nothing_burn_unguarded(self) -> Self:
        if self.pulse and self.contact != "normally_open":
            raise ValueError(
                "pulse needs contact: normally_open, a pump that ends can only release the coil"
            )
        if self.contact == "normally_open" and self.on_at_boot:
            low = self.active == "low"
            others = "4, 5, 6, 7 or 8" if low else "one of 9 to 27"
            raise ValueError(
                f"line: {self.line} is pulled {'down' if low else 'up'} at boot, which is on for "
                f"active: {self.active}: the stove could burn before the guard is there, and burn "
                f"on through a reset; take {others}, or a board with active: "
                f"{'high' if low else 'low'}"
            )
        return self

    def doubts(self) -> Iterator[tuple[str, str]]:
        """See `RelayConfig.doubts`."""
        if self.on_at_boot:
            yield (
                "line",
                f"{self.line} is pulled {'up' if self.active == 'high' else 'down'} at boot, which "
                f"is on for active: {self.active}: the contact is open from each boot until "
                "gasguard is there",
            )
        elif self.on_a_pi and self.line == _SERIAL_OUT and self.active == "high":
            yield "line", "14 is driven high at boot where the serial console is on: switch it off"

    def on_i2c_pins(self) -> Iterator[str]:
        """See `RelayConfig.on_i2c_pins`."""
        for key, line in self.lines() if self.on_a_pi else ():
            if line in _OF_THE_BUS:
                yield key

    def claims(self) -> Iterator[Claim]:
        """See `RelayConfig.claims`."""
        chip = "pi" if self.on_a_pi or self.chip in _PI_PATHS else self.chip
        for key, line in self.lines():
            yield Claim(key, ("gpio", chip), frozenset({line}), _SAME)
