"""What a schedule says at a moment of the wall clock. All moments are Unix time.

A window is a level of the clock on the wall: it holds while that shows a time inside it. So a
repeated hour counts twice, and a skipped one never. APScheduler says when the clock shows a time.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import takewhile

from apscheduler.triggers.cron import CronTrigger

from gasguard.config.schedules import DAYS, Lock, Off

OWED_FOR = 3600.0
"""Seconds for which an off is made up for: the daemon was away, or the clock was set forward."""
_HOUR = 3600.0
_AHEAD = 15 * 24 * _HOUR
"""Every weekday comes within it, whatever the clocks do, and once more where one is skipped."""
_LONGEST = 2 * 24 * _HOUR
"""No window holds for longer without a day's change."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that a window holds, or one off."""

    day: date
    """On which it began: its weekday, and its name where it is skipped or done."""
    begins_at: float
    ends_at: float
    """Of an off: when it is due."""


class Window:
    """A window [from, to): when it holds."""

    def __init__(self, lock: Lock, zone: tzinfo) -> None:
        self._lock, self._zone = lock, zone
        self._begins = _trigger(lock.begins, lock.days)
        last_days = {(day + self._days_long) % 7 for day in lock.days}
        self._ends = _trigger(lock.to % (24 * 60), frozenset(last_days))

    @property
    def _days_long(self) -> int:
        return 1 if self._lock.to <= self._lock.begins or self._lock.to == 24 * 60 else 0

    def day(self, now: float) -> date | None:
        """The day on which the window that holds now began; None outside."""
        shown = _shown(now, self._zone)
        for day in (shown.date(), shown.date() - timedelta(days=1)):
            begins = _midnight(day) + timedelta(minutes=self._lock.begins)
            ends = _midnight(day) + timedelta(minutes=self._lock.to % (24 * 60))
            ends += timedelta(days=self._days_long)
            if day.weekday() in self._lock.days and begins <= shown < ends:
                return day
        return None

    def at(self, now: float) -> Occurrence | None:
        """The window that holds now."""
        day = self.day(now)
        if day is None:
            return None
        changes = takewhile(lambda at: at <= now, self._changes(now - _LONGEST))
        began = [at for at in changes if self.day(at) == day and self.day(at - 1) != day]
        return Occurrence(day, max(began, default=now), self._end(now, day))

    def next(self, now: float) -> Occurrence | None:
        """The next one that begins after now, in a repeated hour perhaps the same day's again."""
        for at in self._changes(now):
            day = self.day(at)
            if at > now and day is not None and self.day(at - 1) != day:
                return Occurrence(day, at, self._end(at, day))
        return None

    def _end(self, now: float, day: date) -> float:
        return next(at for at in self._changes(now) if at > now and self.day(at) != day)

    def _changes(self, since: float) -> Iterator[float]:
        """Moments at which it may begin to hold or end, in order."""
        return heapq.merge(
            _fires(self._begins, since, self._zone),
            _fires(self._ends, since, self._zone),
            _steps(since, self._zone),
        )


class Moment:
    """When an off is due."""

    def __init__(self, off: Off, zone: tzinfo) -> None:
        self._zone = zone
        self._trigger = _trigger(off.at, off.days)

    def last(self, now: float) -> Occurrence | None:
        """The last one that was due, if that is no longer ago than `OWED_FOR`."""
        due = takewhile(lambda one: one.begins_at <= now, self._all(now - OWED_FOR - 1))
        owed = [one for one in due if one.begins_at >= now - OWED_FOR]
        return owed[-1] if owed else None

    def next(self, now: float) -> Occurrence | None:
        """The next one that is due."""
        return next((one for one in self._all(now) if one.begins_at > now), None)

    def _all(self, since: float) -> Iterator[Occurrence]:
        for at in _fires(self._trigger, since, self._zone):
            yield Occurrence(_shown(at, self._zone).date(), at, at)


def _trigger(minutes: int, days: frozenset[int]) -> CronTrigger:
    # Days by name: APScheduler's 1 is Tuesday. And on a clock that nobody sets: asked on that of a
    # zone in the night in which an hour is skipped, it leaves out the next day's times before 1:00.
    names = ",".join(DAYS[day] for day in sorted(days))
    return CronTrigger(hour=minutes // 60, minute=minutes % 60, day_of_week=names, timezone=UTC)


def _fires(trigger: CronTrigger, since: float, zone: tzinfo) -> Iterator[float]:
    """When the clock shows that time, from `since` on for `_AHEAD` seconds, in order."""
    # A day before: what was shown already may be shown again.
    asked = _shown(since, zone).replace(tzinfo=UTC) - timedelta(days=1)
    while (fire := trigger.get_next_fire_time(None, asked)) is not None:
        for at in _moments(fire.replace(tzinfo=None), zone):
            if at > since + _AHEAD:
                return
            if at >= since:
                yield at
        asked = fire + timedelta(minutes=1)


def _moments(shown: datetime, zone: tzinfo) -> list[float]:
    """When the clock shows this: once, twice in a night that repeats an hour, or never."""
    moments = {shown.replace(fold=fold, tzinfo=zone).timestamp() for fold in (0, 1)}
    return sorted(at for at in moments if _shown(at, zone) == shown)


def _steps(since: float, zone: tzinfo) -> Iterator[float]:
    """When the zone's offset changes."""
    low = since
    while low < since + _AHEAD:
        high = low + 24 * _HOUR
        if _offset(low, zone) != _offset(high, zone):
            yield _step_between(low, high, zone)
        low = high


def _step_between(low: float, high: float, zone: tzinfo) -> float:
    # In whole seconds, at which alone offsets change: the middle of two others may round down to
    # the lower one again, for ever.
    before, after = int(low // 1), int(high // 1)
    offset = _offset(before, zone)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(middle, zone) == offset:
            before = middle
        else:
            after = middle
    return float(after)


def _offset(at: float, zone: tzinfo) -> timedelta | None:
    return datetime.fromtimestamp(at, zone).utcoffset()


def _shown(at: float, zone: tzinfo) -> datetime:
    """What the clock on the wall shows."""
    return datetime.fromtimestamp(at, zone).replace(tzinfo=None)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)
