"""Looks at the flame, and at nothing that the daemon says of itself."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

OPENS_WITHIN = 2.0
"""Seconds that a flame may outlive its deadline (safety concept, rule 1)."""
GOES_OUT_WITHIN = 0.5
"""Seconds from the contact's opening to the flame's end, and of looking at it."""
LOOK_EVERY = 0.02


@dataclass
class Deadline:
    """By when the flame must be gone."""

    at: float
    why: str
    late: float = 0.0


class Judge:
    """Knows deadlines, when the relay could not be reached, and when it burnt."""

    def __init__(self, burns: Callable[[], bool]) -> None:
        """`burns` is asked from a thread of the judge's own."""
        self._burns = burns
        self._lock = threading.Lock()
        self._standing: list[Deadline] = []
        self.met: list[Deadline] = []
        self.breach: str | None = None
        self._cut: set[str] = set()
        self._reached_since = time.monotonic()
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._look, name="judge", daemon=True)
        self._thread.start()

    def expect(self, why: str, at: float) -> None:
        """From `at` (monotonic) on the flame must be gone as soon as the relay can be reached."""
        with self._lock:
            self._standing.append(Deadline(at, why))

    def forget(self, why: str) -> None:
        """That deadline is no more: it was cancelled, or replaced."""
        with self._lock:
            self._standing = [one for one in self._standing if one.why != why]

    def expects(self, why: str) -> bool:
        """Whether that deadline stands."""
        with self._lock:
            return any(one.why == why for one in self._standing)

    def cut(self, what: str) -> None:
        """From now on nothing can reach the relay, because of `what`."""
        self._cut.add(what)

    def mended(self, what: str, *, after: float = 0.0) -> None:
        """That is over; `after` seconds are what it takes to notice."""
        self._cut.discard(what)
        self._reached_since = max(self._reached_since, time.monotonic() + after)

    def _look(self) -> None:
        while not self._ends.wait(LOOK_EVERY):
            now, burns = time.monotonic(), self._burns()
            if self._cut:
                self._reached_since = max(self._reached_since, now)
            with self._lock:
                self._judge(now, burns)

    def _judge(self, now: float, burns: bool) -> None:
        for one in [one for one in self._standing if one.at <= now]:
            if not burns:
                self._standing.remove(one)
                self.met.append(one)
                continue
            one.late = now - max(one.at, self._reached_since)
            if one.late > OPENS_WITHIN + GOES_OUT_WITHIN and self.breach is None:
                self.breach = f"the flame burns {one.late:.1f} s after {one.why}"

    def end(self) -> None:
        self._ends.set()
        self._thread.join(2)
