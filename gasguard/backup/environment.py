"""The service's environment file: of it, the variables that the configuration names.

Any other could have the daemon run somebody else's program (LD_PRELOAD, PYTHONPATH).
"""

from collections.abc import Iterable
from typing import NamedTuple

from gasguard.config.environment import lines, set_by


class Lines(NamedTuple):
    """What `looked_through` tells apart."""

    kept: bytes
    """Lines that set one of the names, and comments."""
    sets: set[str]
    others: list[str]
    """What the other lines set, for people."""


def looked_through(data: bytes, names: Iterable[str]) -> Lines:
    """The file's lines, by whether they set one of `names`."""
    wanted, kept, sets, others = set(names), list[str](), set[str](), list[str]()
    for line in lines(data):
        found = set_by(line)
        harmless = not line.strip() or line.lstrip().startswith(("#", ";"))
        # A backslash at its end makes one line of two.
        if (harmless or (found and found[0] in wanted)) and not line.endswith("\\"):
            kept.append(line)
            sets |= {found[0]} if found else set()
        else:
            others.append(found[0] if found is not None else "a line that sets nothing")
    text = "".join(f"{line}\n" for line in kept)
    return Lines(text.encode(errors="surrogateescape"), sets, others)
