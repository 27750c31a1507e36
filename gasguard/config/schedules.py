"""Schedules in the configuration: windows in which burners are locked, and offs at a time."""

import re
from typing import Annotated, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from gasguard.config.fields import Duration, Strict
from gasguard.config.names import BurnerId
from gasguard.config.shape import nearest

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FULL = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_GROUPS = {"daily": range(7), "weekdays": range(5), "weekend": range(5, 7)}
_DAY = 24 * 60
_TIME = re.compile(r"([01]?[0-9]|2[0-4])[:：]([0-5][0-9])(?:[:：]00)?", re.ASCII)
_NO_TIME = "is no time of day; write for example {} (00:00 to {})"


def _minutes(value: object, last: int, example: str) -> int:
    found = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    minutes = int(found[1]) * 60 + int(found[2]) if found else _DAY + 1
    if minutes > last:
        raise ValueError(_NO_TIME.format(example, f"{last // 60:02}:{last % 60:02}"))
    return minutes


def _time(value: object) -> int:
    return _minutes(value, _DAY - 1, "23:30")


def _end(value: object) -> int:
    return _minutes(value, _DAY, "06:00")


def _days(value: object) -> frozenset[int]:
    words = value if isinstance(value, list) else [value]
    found: set[int] = set()
    for word in words:
        name = str(word).strip().lower()
        if name in _GROUPS:
            found.update(_GROUPS[name])
        elif name in DAYS or name in _FULL:
            found.add(DAYS.index(name[:3]))
        else:
            raise ValueError(
                f"is a list of {', '.join(DAYS)}, or {', '.join(_GROUPS)}; write for example "
                "[mon, tue, wed]" + (" (numbers mean other days elsewhere)" * name.isdigit())
            )
    if not found:
        raise ValueError("must not be empty; leave the line out for every day")
    return frozenset(found)


def _zone(value: object) -> object:
    name = value.strip() if isinstance(value, str) else ""
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        # Without a place there is none to mean: UTC is eight hours from UTC+8.
        meant = nearest(name, [zone for zone in available_timezones() if "/" in zone])
        told = f"did you mean {meant}?" if meant else "write for example Asia/Shanghai"
        raise ValueError(f"is no time zone that this machine knows; {told}") from None
    return name


TimeOfDay = Annotated[int, BeforeValidator(_time)]
"""Minutes after midnight on the wall clock."""
EndOfWindow = Annotated[int, BeforeValidator(_end)]
"""As `TimeOfDay`; 24:00 is the end of the day."""
Days = Annotated[frozenset[int], BeforeValidator(_days)]
"""Weekdays, Monday is 0."""
TimeZone = Annotated[str, BeforeValidator(_zone)]
"""A name of the IANA database."""
EVERY_DAY = frozenset(range(7))


class Lock(Strict):
    """A window [from, to), which may cross midnight; its weekday is that of its beginning."""

    begins: TimeOfDay = Field(alias="from")
    to: EndOfWindow
    days: Days = EVERY_DAY

    @property
    def minutes(self) -> int:
        """How long it is."""
        return (self.to - self.begins) % _DAY or _DAY

    @model_validator(mode="after")
    def _long_enough(self) -> Self:
        if self.begins == self.to:
            raise ValueError(
                "from and to are the same time; write 00:00 and 24:00 for the whole day"
            )
        return self


class Off(Strict):
    """A time at which what is in use is shut off."""

    at: TimeOfDay
    days: Days = EVERY_DAY


def _off(value: object) -> object:
    return {"at": value} if isinstance(value, str) else value


def _some(value: list[str]) -> list[str]:
    return list(dict.fromkeys(value))


class Schedule(Strict):
    """Either a window that locks, or an off at a time."""

    lock: Lock | None = Field(None, examples=['lock: {from: "22:00", to: "06:00"}'])
    off: Annotated[Off, BeforeValidator(_off)] | None = Field(None, examples=['off: "23:30"'])
    burners: Annotated[list[BurnerId], AfterValidator(_some)] | None = Field(None, min_length=1)
    """All, unless named."""
    grace: Duration = Field(0.0, ge=0, le=4 * 3600)
    """How long a burner that is in use may burn on in the window."""

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.lock is None) == (self.off is None):
            raise ValueError(
                'needs either lock: {from: "22:00", to: "06:00"} or off: "23:30", not both'
            )
        if self.off is not None and self.grace:
            raise ValueError("grace goes with lock:, an off shuts off at its time")
        if self.lock is not None and self.grace >= 60 * self.lock.minutes:
            raise ValueError("grace is as long as the window: nothing would ever be shut off")
        return self

    def concerns(self, burner: str) -> bool:
        """Whether it is for this burner."""
        return self.burners is None or burner in self.burners
