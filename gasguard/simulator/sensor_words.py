"""How a simulated sensor says what it senses: the way that its configuration understands."""

import json
from typing import Any

from gasguard.config.sensors import FlameOnTopic, OnTopic, PeopleSensor

_APART = 1.0
"""How far beyond its levels a sensor that says numbers reads."""


def word_for(sensor: OnTopic, on: bool) -> str:
    """What it publishes: lit, alarm or somebody there (`on`), or the opposite."""
    word: Any = _number(sensor, on)
    if word is None:
        word = _word(sensor, on)
    # A flame sensor's usual field may be left out: its plain word is understood.
    field = sensor.field if isinstance(sensor, FlameOnTopic) else sensor.word_in
    return in_field(word, field)


def in_field(word: Any, field: str | None) -> str:
    """The word plain, or as JSON under that key or dotted path."""
    if field is None:
        return str(word)
    for key in reversed(field.split(".")):
        word = {key: word}
    return json.dumps(word)


def _word(sensor: OnTopic, on: bool) -> Any:
    own = sensor.on if on else sensor.off
    if own:
        return own[0]
    if isinstance(sensor, FlameOnTopic):
        return "lit" if on else "out"
    if sensor.word_in is not None:
        return on
    if isinstance(sensor, PeopleSensor):
        return "home" if on else "away"
    return "alarm" if on else "clear"


def _number(sensor: OnTopic, on: bool) -> float | None:
    if sensor.levels is None:
        return None
    above, below = sensor.levels
    return above.number + _APART if on else below.number - _APART
