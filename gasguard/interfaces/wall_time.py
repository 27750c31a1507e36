"""A time of day that somebody names, made into seconds from now.

Only here does the clock on the wall say how long a timer lasts, and only once: from then on it runs
on CLOCK_BOOTTIME, which nobody sets (safety concept, rule 8).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo

from gasguard.clock import Clock
from gasguard.durations import parse_time_of_day
from gasguard.errors import DurationError
from gasguard.interfaces.requests import BadRequest

_DAYS = 3
"""Today's, tomorrow's, and one more for a day on which the clock skips it."""


class WallTime:
    """When the clock on the wall will show a time next."""

    def __init__(self, clock: Clock, zone: tzinfo | None = None) -> None:
        """In this machine's time zone unless another is given."""
        self._clock, self._zone = clock, zone

    def __call__(self, text: str) -> float:
        """Seconds until it shows `18:30`, in 24 hours and with seconds or without.

        More than 0; a day, or on the night of a change of the clock an hour more, at most. Raises
        BadRequest for what is no time, for one that is skipped next, and while the clock is not
        known to be right.
        """
        try:
            time = timedelta(seconds=parse_time_of_day(text))
        except DurationError as error:
            raise BadRequest("malformed", f"until: {error}") from None
        now = self._clock.now().wall
        if not self._clock.believable():
            raise BadRequest(
                "clock_unset",
                "the clock is not set yet, so nobody knows when that is: see that this machine "
                "reaches a time server, or give a duration",
            )
        shown = self._shown(now)
        for days in range(_DAYS):
            day = datetime(shown.year, shown.month, shown.day) + timedelta(days=days)
            moment = day + time
            times = list(self._times(moment))
            if not times and moment > shown:
                raise BadRequest(
                    "malformed",
                    f"the clock skips {text.strip()} on {moment.date()}, when summer time begins; "
                    "write another time",
                )
            ahead = [at for at in times if at > now]
            if ahead:
                return round(min(ahead) - now, 1) or 0.1
        raise BadRequest("malformed", f"the clock never shows {text.strip()}")

    def _times(self, moment: datetime) -> Iterator[float]:
        """When it shows that: once, twice in a night that repeats an hour, or never."""
        for fold in (0, 1):
            at = moment.replace(fold=fold, tzinfo=self._zone).timestamp()
            if self._shown(at) == moment:
                yield at

    def _shown(self, at: float) -> datetime:
        return datetime.fromtimestamp(at, self._zone).replace(tzinfo=None, fold=0)
