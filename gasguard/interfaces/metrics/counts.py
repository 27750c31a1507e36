"""Counts what happens, since the daemon's start: an observer."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gasguard.core.messages import Kind
from gasguard.core.model import Reason
from gasguard.guard.bulletins import News
from gasguard.guard.keeper import Tally

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
"""Upper limits in seconds, for the time from a demand to its confirmation; after 2 it failed."""


class Counts:
    """Of every burner."""

    def __init__(
        self, names: Sequence[str], tallies: Callable[[], Mapping[str, Sequence[Tally]]]
    ) -> None:
        """`tallies` gives what was counted of each burner's relays."""
        self._tallies = tallies
        # From 0: whoever reads them from time to time would not see the first of a kind otherwise.
        self._events = {name: Counter({kind.value: 0 for kind in Kind}) for name in names}
        self._trips = {name: Counter({reason.value: 0 for reason in Reason}) for name in names}
        self._within: dict[str, list[int]] = {name: [0] * len(BUCKETS) for name in names}
        self._confirmed = dict.fromkeys(names, 0)
        self._seconds = dict.fromkeys(names, 0.0)

    def __call__(self, news: News) -> None:
        name = news.state.settings.burner
        for tell in news.tells:
            self._events[name][tell.kind.value] += 1
            if tell.kind is Kind.TRIP:
                self._trips[name][str(tell.reason)] += 1
            elif tell.kind is Kind.TRIP_CONFIRMED:
                self._confirm(name, float(tell.details.get("latency_ms", 0)) / 1000)

    def _confirm(self, name: str, seconds: float) -> None:
        self._confirmed[name] += 1
        self._seconds[name] += seconds
        for index, limit in enumerate(BUCKETS):
            self._within[name][index] += seconds <= limit

    def payload(self) -> dict[str, Any]:
        """By burner, as the local socket tells it. `within` counts by `BUCKETS`, each with all
        that is below."""
        tallies = self._tallies()
        return {
            name: {
                "events": dict(self._events[name]),
                "trips": dict(self._trips[name]),
                "confirmed": {
                    "buckets": list(BUCKETS),
                    "within": list(self._within[name]),
                    "count": self._confirmed[name],
                    "seconds": round(self._seconds[name], 6),
                },
                "relays": [
                    {
                        "answered": one.answered,
                        "unanswered": one.unanswered,
                        "seconds": round(one.seconds, 6),
                    }
                    for one in tallies[name]
                ],
            }
            for name in self._events
        }
