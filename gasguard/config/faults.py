"""A fault of the file: where it lies, and what to write instead."""

import re
from collections.abc import Iterable
from typing import NamedTuple


class Mark(NamedTuple):
    """Where something begins in the file, both counted from 1."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


class Fault(NamedTuple):
    """What is wrong. Neither part ever holds a value: it may be a secret in the wrong line."""

    place: str
    """Keys and indices with dots between: `burners.left.relay.token`."""
    text: str
    """What was expected, with a right value."""
    at: str | Mark | None = None
    """What to point at, where it is not the place that is told."""
    at_key: bool = False
    """Point at the key, not at its value."""


class Marks:
    """Where each place of the file stands. Without any, faults are told without lines."""

    def __init__(self) -> None:
        self._keys: dict[str, Mark] = {}
        self._values: dict[str, Mark] = {}

    def put(self, place: str, key: Mark | None, value: Mark | None) -> None:
        """`value` only for what is one by itself: a block is pointed at by its key."""
        if key is not None:
            self._keys[place] = key
        if value is not None:
            self._values[place] = value

    def find(self, place: str, at_key: bool = False) -> Mark | None:
        """Where it stands; of what is missing, the block that it is missing in."""
        while place and place not in self._keys and place not in self._values:
            place = place.rpartition(".")[0]
        if not at_key and place in self._values:
            return self._values[place]
        return self._keys.get(place) or self._values.get(place)

    def _of(self, fault: Fault) -> Mark | None:
        if isinstance(fault.at, Mark):
            return fault.at
        return self.find(fault.place if fault.at is None else fault.at, fault.at_key)

    def told(self, faults: Iterable[Fault]) -> list[str]:
        """Each once, as `place: text (line 3, column 5)`, in the order of the file."""
        found = list(dict.fromkeys(faults))
        marks = {fault: self._of(fault) for fault in found}
        found = sorted(found, key=lambda fault: marks[fault] or Mark(0, 0))
        return [_line(fault, marks[fault]) for fault in found]


def _line(fault: Fault, mark: Mark | None) -> str:
    # Where key and value have changed places, an address with its secret is a key.
    shown = _ADDRESS.sub("…", fault.place)
    place = f"{shown}: " if shown else ""
    return f"{place}{fault.text}" + (f" ({mark})" if mark else "")


_ADDRESS = re.compile(r"[\w+-]*:/\S*")
_NO_BLANK = re.compile(r"([^\W\d]\w*)(?::(?=[^\s/])|：\s*)(.+)", re.DOTALL)
_WORD = re.compile(r"[^\W\d](?:[^\W\d]|-)*\d{0,2}")
_COUNT = re.compile(r"\d{1,3}", re.ASCII)
_LONGEST_WORD = 32


def shown_key(key: str) -> str:
    """A key that nobody knows, as far as it is one: a forgotten colon leaves a secret there."""
    word = re.split(r"[\s:：]", key, maxsplit=1)[0]
    if _COUNT.fullmatch(key):
        return key
    return word if _WORD.fullmatch(word) and len(word) <= _LONGEST_WORD else "…"


def without_blank(text: str) -> tuple[str, str] | None:
    """Key and value of `host:1`, which YAML takes for one word. None: it is nothing of the kind."""
    cut = _NO_BLANK.fullmatch(text)
    return (cut[1], cut[2]) if cut and shown_key(cut[1]) == cut[1] else None


def blank_missing(key: str) -> str:
    """The remedy for it. The value is not repeated: it may be a secret."""
    return f"a blank is missing after the colon; write {key}: and then the value"
