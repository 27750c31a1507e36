"""Many durations, told in a few numbers."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds. For median and p99 a run that never got there is infinitely late."""

    n: int
    median: float
    p99: float
    """Nearest rank: with fewer than 100 runs, the worst."""
    worst: float
    """Of those that got there."""
    never: int = 0
    """Runs among `n` that gave up."""

    @classmethod
    def of(cls, seconds: Sequence[float], never: int = 0) -> "Figures":
        """From `seconds` to the goal, and how many runs never got there. Not both empty."""
        got_there = sorted(seconds)
        ordered = [*got_there, *[math.inf] * never]
        return cls(
            len(ordered),
            1000 * _rank(ordered, 0.50),
            1000 * _rank(ordered, 0.99),
            1000 * (got_there or ordered)[-1],
            never,
        )

    def data(self) -> dict[str, Any]:
        """For tables and JSON, which has no infinity: there it is the word `never`."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def from_data(value: float | str) -> float:
    """A number out of `Figures.data`."""
    return math.inf if isinstance(value, str) else value


def _plain(value: float) -> float | str:
    if isinstance(value, int):
        return value
    return "never" if math.isinf(value) else round(value, 3)


def _rank(ordered: list[float], share: float) -> float:
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
