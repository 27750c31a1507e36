"""Numbers with units, and words, as sensors and people write them. Nothing is guessed."""

import math
import re
from dataclasses import dataclass

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_QUANTITY = re.compile(rf"({_NUMBER})\s*(\S*)", re.ASCII)
_LONGEST = 64
"""Characters. A longer text is no number that anybody measured."""
_DIGITS = 9
"""Behind the point, after a conversion: what is beyond these comes of counting in twos."""

_UNITS: dict[str, tuple[str, float, float]] = {
    "°c": ("°C", 1, 0),
    "℃": ("°C", 1, 0),
    "c": ("°C", 1, 0),
    "°f": ("°C", 5 / 9, -160 / 9),
    "℉": ("°C", 5 / 9, -160 / 9),
    "f": ("°C", 5 / 9, -160 / 9),
    "k": ("°C", 1, -273.15),
    "mv": ("mV", 1, 0),
    "v": ("mV", 1000, 0),
    "µv": ("mV", 0.001, 0),
    "μv": ("mV", 0.001, 0),
    "uv": ("mV", 0.001, 0),
    "ppm": ("ppm", 1, 0),
    "%": ("%", 1, 0),
    "%lel": ("%LEL", 1, 0),
}
"""What a unit is turned into, times what, plus what."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A finite number, and its unit after conversion (°C, mV, ppm, %, %LEL); None: it says none."""

    number: float
    unit: str | None = None
    written: str | None = None
    """The unit as it was written, before conversion."""

    def fits(self, other: "Quantity") -> bool:
        """Whether the two can be compared."""
        return self.unit == other.unit or None in (self.unit, other.unit)

    def as_beside(self, other: "Quantity") -> "Quantity":
        """This one, which is meant in the other's unit as written if it says none itself."""
        if self.unit is not None or other.written is None:
            return self
        return _in(self.number, other.written)

    def below(self, other: "Quantity") -> bool:
        """Whether this is less, in a unit that fits."""
        return self.fits(other) and self.number < other.number


def parse_quantity(text: str) -> Quantity | None:
    """`28.4`, `28.4 mV`, `85°C`; None for all else: another unit, a comma, infinity."""
    match = _QUANTITY.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if match is None:
        return None
    number, unit = float(match[1]), match[2].lower()
    if not math.isfinite(number):
        return None
    if not unit:
        return Quantity(number)
    if unit not in _UNITS:
        return None
    return _in(number, unit)


def _in(number: float, written: str) -> Quantity:
    name, times, plus = _UNITS[written]
    # 333.15 K is 60 °C, and not a hair less: what stands at a level has reached it.
    return Quantity(round(number * times + plus, _DIGITS), name, written)


def same_word(value: str | int | float | bool) -> str:
    """One spelling for what means the same: `True`, `TRUE` and true; `1`, `1.0` and 1."""
    text = str(value).strip().lower()
    quantity = parse_quantity(text)
    if quantity is None or quantity.unit is not None:
        return text
    return f"{quantity.number:g}" if quantity.number == int(quantity.number) else text
