"""What a sensor's payload means: one rule for every sensor, whatever it warns of.

Nothing here is raised, guessed or cut to fit: a payload is understood, or it is said why not.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gasguard.config.sensors import OnTopic
from gasguard.quantities import Quantity, parse_quantity, same_word
from gasguard.text import clean

_EDGES = "\ufeff\x00 \t\r\n"
"""What devices leave around their words: a byte order mark, C's end of text, blanks."""
_SHOWN = 40
"""Characters of a payload that a message repeats."""
_TESTS = ("test", "self_test")
"""Keys by which an alarm says that somebody tests it (Zigbee2MQTT)."""
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Said:
    """What a payload says."""

    danger: bool | None = None
    """Alarm, lit, nobody there (True), or the opposite; None: it speaks of something else."""
    garbled: str | None = None
    """Why it is not understood, to stand behind the sensor's name."""
    test: bool | None = None
    """Whether somebody tests the sensor; None where it does not say."""
    missing: bool = False
    """It is an object without the field that holds the word."""


Meaning = Callable[[object, OnTopic], Said]
"""Of a value, once it is found."""


def understand(payload: bytes, sensor: OnTopic) -> Said:
    """The payload's meaning by this sensor's words, field and levels."""
    return read(payload, sensor, _word)


def read(payload: bytes, sensor: OnTopic, meaning: Meaning) -> Said:
    """The `meaning` of the value in the payload, where there is one."""
    text = payload.decode(errors="replace").strip(_EDGES)
    data = _data(text)
    if not isinstance(data, dict):
        return meaning(data, sensor)
    test = next((data[key] for key in _TESTS if isinstance(data.get(key), bool)), None)
    if sensor.word_in is None:
        return Said(garbled="sends JSON: field: names the key that holds its word", test=test)
    value = _at(data, sensor.word_in)
    if value is _ABSENT:
        keys = ", ".join(map(str, data))[:_SHOWN]
        text = f"sends JSON without {sensor.word_in} ({keys}): field: names its key"
        return Said(garbled=text, test=test, missing=True)
    said = meaning(value, sensor)
    return Said(said.danger, said.garbled, test)


def _data(text: str) -> Any:
    try:
        return clean(json.loads(text))
    except (ValueError, RecursionError):
        return text


def _at(data: dict[str, Any], path: str) -> Any:
    """What stands at a key, or at a dotted path; `_ABSENT` where there is nothing."""
    value: Any = data
    if path in data:
        return data[path]
    for key in path.split("."):
        if isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, dict) and key in value:
            value = value[key]
        else:
            return _ABSENT
    return value


def _word(value: object, sensor: OnTopic) -> Said:
    if not isinstance(value, str | int | float):
        return _not_understood(value, sensor)
    text = value.strip(_EDGES) if isinstance(value, str) else json.dumps(value)
    on, off = sensor.words
    word = same_word(text)
    if word in on or word in off:
        return _said(word in on, sensor)
    quantity = None if isinstance(value, bool) else parse_quantity(text)
    if quantity is None:
        return _not_understood(value, sensor)
    if sensor.levels is not None:
        return _measured(quantity, sensor.levels, value, sensor)
    # Its own words were to be the only ones where both lists are given.
    counts = quantity.number >= 0 or sensor.on_is_danger  # nobody counts less than no people
    if sensor.any_number and counts and quantity.unit is None and not (sensor.on and sensor.off):
        return _said(quantity.number != 0, sensor)
    return _not_understood(value, sensor)


def number_of(value: object, sensor: OnTopic, unit: str) -> float | Said:
    """The number in that unit, which it may leave out; or what is wrong with it."""
    text = value.strip(_EDGES) if isinstance(value, str) else json.dumps(value)
    quantity = None if isinstance(value, bool) else parse_quantity(text)
    if quantity is None or quantity.unit not in (None, unit):
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return Said(
            garbled=f"says {shown[:_SHOWN]!r}, which is not understood: a number in {unit} is"
        )
    least, most = sensor.possible
    if not least <= quantity.number <= most:
        return Said(garbled=f"says {quantity.number:g}, which nothing could measure there")
    return quantity.number


def _measured(
    quantity: Quantity, levels: tuple[Quantity, Quantity], value: object, sensor: OnTopic
) -> Said:
    above, below = levels
    quantity = quantity.as_beside(above)
    if not quantity.fits(above) or not quantity.fits(below):
        return _not_understood(value, sensor)
    least, most = sensor.possible
    if not least <= quantity.number <= most:
        return Said(garbled=f"says {quantity.number:g}, which nothing could measure there")
    if quantity.number >= above.number:
        return _said(True, sensor)
    return _said(False, sensor) if quantity.number <= below.number else Said()


def _said(on: bool, sensor: OnTopic) -> Said:
    return Said(danger=on is sensor.on_is_danger)


def _not_understood(value: object, sensor: OnTopic) -> Said:
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return Said(garbled=f"says {shown[:_SHOWN]!r}, which is not understood: {_expected(sensor)}")


def _expected(sensor: OnTopic) -> str:
    if sensor.levels is not None:
        return f"a number{f' in {sensor.levels[0].unit}' if sensor.levels[0].unit else ''} is"
    on, off = sensor.words
    some = ", ".join([*sorted(on)[:4], *sorted(off)[:4]])
    return f"{some} are; on: and off: name others, on_above: and off_below: levels"
