"""The shutoffs by a burner's schedules, as the guard is told of them."""

from collections.abc import Iterable, Iterator
from itertools import chain
from math import inf

from gasguard.core.model import Calendar, Shutoff

STEPPED = 0.5
"""Seconds by which wall clock and boot clock drift apart at once where somebody sets the former."""


def to_warn_of(shutoffs: Iterable[Shutoff]) -> Iterator[Shutoff]:
    """Each that comes before whatever began earlier has shut off: within its grace."""
    began, soonest = -inf, inf
    for one in sorted(shutoffs, key=lambda one: (one.begins_at, one.shuts_off_at, one.by)):
        if one.begins_at > began + STEPPED and one.shuts_off_at < soonest + STEPPED:
            began, soonest = one.begins_at, one.shuts_off_at
            yield one


def same(told: Calendar | None, calendar: Calendar) -> bool:
    """Whether the guard knows it already. The clocks' drift is no news."""
    return (
        told is not None
        and (told.window, told.by, told.until) == (calendar.window, calendar.by, calendar.until)
        and [one.by for one in told.besides] == [one.by for one in calendar.besides]
        and all(
            abs(a - b) < STEPPED for a, b in zip(_moments(told), _moments(calendar), strict=True)
        )
    )


def _moments(calendar: Calendar) -> list[float]:
    besides = ((one.begins_at, one.shuts_off_at) for one in calendar.besides)
    return [calendar.begins_at, calendar.shuts_off_at, *chain.from_iterable(besides)]
