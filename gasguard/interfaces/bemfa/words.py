"""What bemfa's cloud says on a topic: `on`, `off`, `on#30`."""

import re
from dataclasses import dataclass
from enum import Enum, auto

LIGHT = "002"
"""Topics that end so are lights: their brightness is gasguard's timer, in minutes."""
_LONGEST = 64
_TIMER = re.compile(r"on#0*(\d{1,4})(#.*)?", re.ASCII | re.DOTALL)


class Meaning(Enum):
    """What a message wants."""

    OFF = auto()
    ON = auto()
    TIMER = auto()
    STALE = auto()
    """It was kept by the cloud: its age is not known."""
    UNCLEAR = auto()


@dataclass(frozen=True, slots=True)
class Word:
    """One message, understood."""

    meaning: Meaning
    minutes: int = 0
    text: str = ""
    """What is wrong with an unclear one."""


def read_word(payload: bytes, topic: str) -> Word:
    """Never raises. Whatever begins with `off` shuts off, and so does a brightness of 0."""
    text = payload[:_LONGEST].decode(errors="replace").strip().lower()
    if text.startswith("off"):
        return Word(Meaning.OFF)
    if text == "on":
        return Word(Meaning.ON)
    if not topic.endswith(LIGHT):
        return Word(Meaning.UNCLEAR, text=f"{text[:20]!r}: {topic} takes on and off")
    timer = _TIMER.fullmatch(text)
    if timer is None:
        return Word(
            Meaning.UNCLEAR, text=f"{text[:20]!r}: {topic} takes on, off and on#30 (minutes)"
        )
    minutes = int(timer[1])
    return Word(Meaning.TIMER, minutes) if minutes else Word(Meaning.OFF)
