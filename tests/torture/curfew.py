"""What schedules say, by a look at the wall clock alone, and what must come of it.

Windows here begin and end on minutes of the clock on the wall, every day. What may be so (a skip
that is not answered yet) and what is so for certain are kept apart; a check speaks up only where
both agree.
"""

from dataclasses import dataclass, field

from gasguard.config.load import Config
from gasguard.config.schedules import Schedule
from tests.torture.pi import PiClock
from tests.torture.zones import DAY, Zone

OWED_FOR = 3600.0
"""Seconds for which an off is made up for (contract, section 6)."""
NOTICED_WITHIN = 3.0
"""Seconds from a change of what holds until the guard has told of it: a look, and a write."""
_SELDOM = 2.0, 15.0
"""Seconds between two looks while the guard is dead: what held may have ended in between."""
NEVER, FAR = float("-inf"), float("inf")


@dataclass
class Entry:
    """One schedule."""

    name: str
    settings: Schedule
    zone: Zone
    skips: set[float] = field(default_factory=set)
    """Days, by what the clock shows at their midnight, that may be skipped."""
    skipped: float | None = None
    """The day that is, for certain."""
    holds_since: float = FAR
    """Since when every look has seen it hold for certain (loop time)."""
    may_hold_since: float = FAR
    """Since when it may hold at the earliest."""
    may_have_held_at: float = NEVER
    kept: bool = False
    """It may have held when the clock became one that nobody believes: it holds on."""
    done: set[float] = field(default_factory=set)
    """Days whose off the guard may have told."""

    def day(self, wall: float) -> float | None:
        """The day on which the window began that the clock shows at a Unix time; None outside."""
        lock, shown = self.settings.lock, self.zone.shown(wall)
        if lock is None:
            return None
        begins, ends = lock.begins * 60.0, lock.to * 60.0
        today = shown - shown % DAY
        for day in (today, today - DAY):
            if day + begins <= shown < day + ends + (DAY if ends <= begins else 0):
                return day
        return None

    def next_day(self, wall: float) -> float:
        """The day of the next one, or of the next off."""
        # Minute by minute: offsets, too, change at full minutes.
        minute = wall - wall % 60.0
        while True:
            minute += 60.0
            shown, day = self.zone.shown(minute), self.day(minute)
            if self.settings.off is not None and shown % DAY == self.settings.off.at * 60.0:
                return shown - shown % DAY
            if day is not None and day != self.day(minute - 60.0):
                return day

    def due(self, wall: float) -> float | None:
        """The Unix time of the last off, if it is still owed."""
        if self.settings.off is None:
            return None
        today = self.zone.shown(wall) // DAY * DAY
        shown = [day + self.settings.off.at * 60.0 for day in (today, today - DAY)]
        times = [at for one in shown for at in self.zone.moments(one)]
        return max((at for at in times if at <= wall <= at + OWED_FOR), default=None)


class Curfew:
    """All schedules, as somebody sees them who looks at the guard's own clock."""

    def __init__(self, config: Config, clock: PiClock) -> None:
        self._config, self._clock = config, clock
        self.entries = [Entry(name, one, clock.zone) for name, one in config.schedules.items()]
        self.changed_at = NEVER
        """When the clock was set, or its being right changed."""
        self._looked_at = 0.0
        self._was = (0.0, True, 0)

    def of(self, burner: str) -> list[Entry]:
        """Those of one burner."""
        return [entry for entry in self.entries if entry.settings.concerns(burner)]

    def look(self, now: float, *, alive: bool, remembers: bool) -> list[tuple[Entry, float]]:
        """To be called every second. Gives the offs that have come due, and when.

        `alive`: the guard has been for a while. `remembers`: it knows which offs it told before.
        """
        clock, wall = self._clock, self._clock.wall(now)
        state = self._state()
        before, self._looked_at = self._looked_at, now
        if state != self._was:
            self._was, self.changed_at = state, now
            for entry in self.entries:
                entry.holds_since = entry.may_hold_since = FAR
                entry.kept = not clock.believable() and entry.may_have_held_at >= before
        counts = alive and clock.believable()
        came = []
        for entry in self.entries:
            day = entry.day(wall)
            may = day is not None and day != entry.skipped
            surely = may and day not in entry.skips
            seldom = _SELDOM[0] < now - before < _SELDOM[1]
            ended = seldom and entry.may_have_held_at >= before
            if may or entry.kept or ended:
                entry.may_have_held_at = now
            # At some moment since the look before: that may be long ago where the guard was dead.
            entry.may_hold_since = min(entry.may_hold_since, before) if may else FAR
            entry.holds_since = min(entry.holds_since, now) if surely and counts else FAR
            due = entry.due(wall)
            if due is None or not counts:
                continue
            midnight = clock.zone.shown(due) // DAY * DAY
            fresh = wall - due < now - before + 0.1 and self.changed_at < before
            missed = remembers and self.changed_at == NEVER
            told = midnight in entry.done or midnight in entry.skips
            if (fresh or missed) and not told:
                came.append((entry, due - clock.wall(0)))
            entry.done.add(midnight)
        return came

    def _state(self) -> tuple[float, bool, int]:
        return self._clock.wall_error, self._clock.believable(), self._clock.steps

    def has_just_changed(self, now: float) -> bool:
        """The clock was set, or its being right changed: it may have been since the last look."""
        return self._state() != self._was or self.changed_at > now - NOTICED_WITHIN

    def glance(self, now: float) -> None:
        """See what may hold at this moment, between two looks."""
        wall = self._clock.wall(now)
        for entry in self.entries:
            day = entry.day(wall)
            if entry.kept or (day is not None and day != entry.skipped):
                entry.may_have_held_at = now
                entry.may_hold_since = min(entry.may_hold_since, now)

    def surely_holds(self, entry: Entry, at: float) -> bool:
        """Whether its window holds at that moment, by a clock that is believed."""
        day = entry.day(self._clock.wall(at))
        skipped = day in entry.skips or day == entry.skipped
        return self._clock.believable() and day is not None and not skipped

    # --- skips --------------------------------------------------------------------------------

    def asked(self, entry: Entry, now: float) -> float:
        """Somebody skips; which day that is, if it is done at once."""
        wall = self._clock.wall(now)
        day = entry.day(wall)
        next_day = entry.next_day(wall)
        # Between the question and its effect it may begin or end.
        entry.skips |= {one for one in (day, next_day, next_day + DAY) if one is not None}
        return next_day if day is None else day

    def answered(self, entry: Entry, day: float, asked_at: float, now: float) -> None:
        """It was accepted, and not for being skipped already."""
        same = entry.day(self._clock.wall(now)) == entry.day(self._clock.wall(asked_at))
        entry.skipped = day if same and self.changed_at < asked_at else None

    def forgotten(self) -> None:
        """The store was damaged: what was skipped counts again."""
        for entry in self.entries:
            entry.skips |= set() if entry.skipped is None else {entry.skipped}
            entry.skipped = None

    def killed(self) -> None:
        """A dead guard tells nothing."""
        for entry in self.entries:
            entry.holds_since = FAR
