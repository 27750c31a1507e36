"""Burns by burner and local day, as pure functions. A day has 23, 24 or 25 hours, as the clock has.

Time goes on evenly: only where a day begins and ends is a question of the calendar. So an hour that
comes twice counts twice, and one that is skipped never.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, NamedTuple

from gasguard.guard.burns import Burn

_NO_SENSOR = "it has no flame sensor (flame:), so nobody knows when it burns"
_NOT_READ = "what was counted cannot be read from the disk yet"


class Calendar:
    """Local days; `zone` None is the system's. When each one begins is worked out once."""

    def __init__(self, zone: tzinfo | None) -> None:
        self._zone = zone
        self._begins: dict[date, float] = {}

    def day_of(self, at: float) -> date:
        """The local day of Unix time `at`."""
        return datetime.fromtimestamp(at, self._zone).date()

    def begin(self, day: date) -> float:
        """Unix time at which a day begins: where the clock skips midnight, that of the change."""
        begins = self._begins.get(day)
        if begins is None:
            begins = datetime.combine(day, time(), self._zone).timestamp()
            self._begins[day] = begins
        return begins

    def days(self, began: float, ended: float) -> Iterator[tuple[date, float]]:
        """The days from `began` to `ended`, each with its seconds of that. At least one."""
        day = self.day_of(began)
        while True:
            tomorrow = day + timedelta(days=1)
            following = self.begin(tomorrow)
            yield day, max(0.0, min(ended, following) - began)
            if ended <= following:
                return
            began, day = following, tomorrow


@dataclass(slots=True)
class Sum:
    """What one burner burnt in one day, or in all."""

    seconds: float = 0.0
    gas: float | None = None
    """m³; None where nothing is known of it."""
    burns: int = 0
    """Those that began then."""
    unseen: int = 0
    """Those of them whose end nobody saw: they took at least what is counted."""
    burning: int = 0
    """1 while one goes on."""

    def add(self, seconds: float, gas: float | None) -> None:
        """Count a part of a burn."""
        self.seconds += seconds
        if gas is not None:
            self.gas = (self.gas or 0.0) + gas


ENDS_UNSEEN = frozenset({"silent", "stopped", "crash"})
"""`Burn.ended_by` where nobody saw the end."""


def by_day(burns: Iterable[Burn], first: date, calendar: Calendar) -> dict[tuple[date, str], Sum]:
    """What burnt on each day from `first` on, by day and burner."""
    found: dict[tuple[date, str], Sum] = {}
    for burn in burns:
        span = burn.ended - burn.began
        parts = list(calendar.days(burn.began, burn.ended))
        for number, (day, length) in enumerate(parts):
            if day < first:
                continue
            share = length / span if span > 0 else float(number == 0)
            one = found.setdefault((day, burn.burner), Sum())
            one.add(burn.seconds * share, None if burn.gas is None else burn.gas * share)
            one.burns += number == 0
            if number == len(parts) - 1:
                one.unseen += burn.ended_by in ENDS_UNSEEN
                one.burning += burn.ended_by is None
    return found


class Known(NamedTuple):
    """What is known of one burner."""

    sensed: bool
    """It has a flame sensor."""
    since: float | None
    """Since when its burns are counted, in Unix time; None where that could not be read."""

    @property
    def why_not(self) -> str | None:
        """Why nobody knows how long it burnt; None where that is known."""
        if not self.sensed:
            return _NO_SENSOR
        return _NOT_READ if self.since is None else None


def lines(
    burns: Iterable[Burn],
    known: Mapping[str, Known],
    since: float,
    calendar: Calendar,
    iso: Callable[[float], str],
) -> list[dict[str, Any]]:
    """What is answered: a line for each day and burner with a burn, oldest first; then a total for
    each burner of `known`; then, where there are several, one for all (`burner` null).

    Whole days: the first one is that of Unix time `since`. The parts add up to the total as they
    are shown. What is not known is null, not 0.
    """
    first = calendar.day_of(since)
    found = by_day(burns, first, calendar)
    told = [
        {"day": day.isoformat(), "burner": burner, **_shown(one)}
        for (day, burner), one in sorted(found.items())
    ]
    began = calendar.begin(first)
    totals = [_total(name, one, told, began, iso) for name, one in known.items()]
    if len(totals) > 1:
        totals.append(_of_all(totals, iso(began)))
    return told + totals


def _shown(one: Sum) -> dict[str, Any]:
    return {
        "burned_s": round(one.seconds),
        "gas_m3": None if one.gas is None else round(one.gas, 3),
        "burns": one.burns,
        "unseen_ends": one.unseen,
        "burning": bool(one.burning),
    }


def _total(
    name: str,
    known: Known,
    told: list[dict[str, Any]],
    began: float,
    iso: Callable[[float], str],
) -> dict[str, Any]:
    own = [line for line in told if line["burner"] == name]
    whole = known.since is not None and known.since <= began
    counted = known.why_not is None
    return {
        "day": None,
        "burner": name,
        "since": iso(began if whole or known.since is None else known.since),
        **(_added(own) if counted else _UNKNOWN),
        "why_unknown": known.why_not,
    }


def _of_all(totals: list[dict[str, Any]], began: str) -> dict[str, Any]:
    unknown = [line["burner"] for line in totals if line["burned_s"] is None]
    why = f"nothing is known of {', '.join(unknown)}" if unknown else None
    added = _UNKNOWN if unknown else _added(totals)
    return {"day": None, "burner": None, "since": began, **added, "why_unknown": why}


_UNKNOWN = {
    "burned_s": None,
    "gas_m3": None,
    "burns": None,
    "unseen_ends": None,
    "burning": None,
}


def _added(parts: list[dict[str, Any]]) -> dict[str, Any]:
    gases = [part["gas_m3"] for part in parts if part["gas_m3"] is not None]
    # Of burners with and without a known power nobody can say what they took together.
    whole = len(gases) == sum(1 for part in parts if part["burned_s"])
    return {
        "burned_s": sum(part["burned_s"] for part in parts),
        "gas_m3": round(sum(gases), 3) if gases and whole else None,
        "burns": sum(part["burns"] for part in parts),
        "unseen_ends": sum(part["unseen_ends"] for part in parts),
        "burning": any(part["burning"] for part in parts),
    }
