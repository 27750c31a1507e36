"""How a simulated flame sensor says what it sees: the way that its configuration understands."""

import json
from typing import Any

from gasguard.config.sensors import FlameConfig

_APART = 1.0
"""How far beyond its levels a sensor that says numbers reads."""


def word_for(flame: FlameConfig, lit: bool) -> str:
    """What it publishes while the flame is lit, or out."""
    word: Any = _number(flame, lit)
    if word is None:
        word = (flame.on or ("lit",))[0] if lit else (flame.off or ("out",))[0]
    if flame.field is None:
        return str(word)
    for key in reversed(flame.field.split(".")):
        word = {key: word}
    return json.dumps(word)


def _number(flame: FlameConfig, lit: bool) -> float | None:
    if flame.levels is None:
        return None
    above, below = flame.levels
    return above.number + _APART if lit else below.number - _APART
