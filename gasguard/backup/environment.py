"""The service's environment file: of it, the variables that the configuration names.

Any other could have the daemon run somebody else's program (LD_PRELOAD, PYTHONPATH).
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

_SETS = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)=[^\0]*", re.ASCII)


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
    # systemd ends a line at either.
    for line in re.split("[\r\n]", data.decode(errors="surrogateescape").rstrip()):
        found = _SETS.fullmatch(line)
        harmless = not line.strip() or line.lstrip().startswith(("#", ";"))
        # A backslash at its end makes one line of two.
        if (harmless or (found and found[1] in wanted)) and not line.endswith("\\"):
            kept.append(line)
            sets |= {found[1]} if found else set()
        else:
            others.append(found[1] if found is not None else "a line that sets nothing")
    text = "".join(f"{line}\n" for line in kept)
    return Lines(text.encode(errors="surrogateescape"), sets, others)
