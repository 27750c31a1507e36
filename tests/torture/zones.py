"""What clocks on walls show, where a session lies in the night in which they change, or in none.

Kept apart from the guard's own way: here an offset changes once, at a moment that is written down.
"""

from dataclasses import dataclass

from gasguard.simulator.simtime import FIRST_MOMENT

DAY = 86400.0
_CHANGES_AFTER = 500.0
"""Seconds from the beginning of a session until its clocks change."""


@dataclass(frozen=True)
class Zone:
    """One zone, in one night. Its wall clock shows Unix time and so many seconds more."""

    name: str
    offset: float
    changes_at: float
    """Unix time from which the other offset holds."""
    then: float

    @property
    def wall_zero(self) -> float:
        """True Unix time at moment 0 of the loop."""
        return self.changes_at - FIRST_MOMENT - _CHANGES_AFTER

    def shown(self, unix: float) -> float:
        """The seconds that the clock shows, counted as if it were one in UTC."""
        return unix + (self.offset if unix < self.changes_at else self.then)

    def moments(self, shown: float) -> list[float]:
        """When the clock shows this: once, twice, or never."""
        before, after = shown - self.offset, shown - self.then
        return [before] * (before < self.changes_at) + [after] * (after >= self.changes_at)


_HOUR = 3600.0
UTC = Zone("UTC", 0.0, 1_795_000_000.0 + FIRST_MOMENT + _CHANGES_AFTER, 0.0)
ZONES = {
    zone.name: zone
    for zone in (
        UTC,
        # 2026-11-18, as any other day.
        Zone("Asia/Shanghai", 8 * _HOUR, UTC.changes_at, 8 * _HOUR),
        # 2026-03-29, 2:00: an hour is skipped.
        Zone("Europe/Berlin", _HOUR, 1_774_746_000.0, 2 * _HOUR),
        # 2026-11-01, 2:00: an hour is repeated.
        Zone("America/New_York", -4 * _HOUR, 1_793_512_800.0, -5 * _HOUR),
        # 2026-03-08, 0:00: the day begins at 1:00.
        Zone("America/Havana", -5 * _HOUR, 1_772_946_000.0, -4 * _HOUR),
        # 2026-04-05, 2:00: half an hour is repeated, some of it before a session ends.
        Zone("Australia/Lord_Howe", 11 * _HOUR, 1_775_314_800.0, 10.5 * _HOUR),
    )
}
