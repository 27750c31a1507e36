"""What led to the last shutoff, and what came of it: found among a burner's events. Pure.

Events are those of the history, newest last. Of kinds that are not known here, all is kept: a
sentence is found for each.
"""

from collections.abc import Sequence
from datetime import datetime
from math import inf
from typing import Any, NamedTuple

Event = dict[str, Any]
State = dict[str, Any]
"""A state as published."""

MORE = "more"
"""Type of an event that stands for `n` others which are left out."""
_REARM_CODES = frozenset(
    {"hazard", "remote_rearm", "rearm_limit", "flame_lit", "child_lock", "trip_failed"}
    | {"locked_out", "schedule"}
)
"""Rejections that belong to a shutoff: somebody wanted to cook again."""
_FLAME = ("flame_lit", "flame_out")
_MOST_FLAMES = 3
_MOST_BEFORE, _MOST_AFTER = 10, 10
_LONGEST_TIMER = 24 * 3600.0
"""Seconds: nothing that led to a shutoff is older (contract, section 3)."""
_GAP = 60.0
"""Seconds without a flame after which it is another burn (contract, section 5)."""
_SAME = 3.0
"""Seconds by which the state and the history may differ on when a shutoff was."""


class Story(NamedTuple):
    """What is known of a burner's last shutoff."""

    trip: Event | None
    """None where there was none."""
    confirmed: Event | None
    """The read-back that shows the circuit open."""
    failed: Event | None
    """That it was not confirmed in time, or did not do its work."""
    burnt_on: bool
    """The flame was told to burn on behind the open circuit."""
    cause: Event | None
    """The first cause, where `trip` only opened again what somebody had closed."""
    timer: Event | None
    """The start of the timer that ended, if the end of one was the cause."""
    extended: tuple[Event, ...]
    """Its extensions."""
    before: tuple[Event, ...]
    after: tuple[Event, ...]
    went_out: bool
    """Its flame was seen before, and is seen out since."""
    by_hand: Event | None
    """The flame went out later than all that, without gasguard."""
    locked: dict[str, Event]
    """Since when, and by what, each lock stands of which the history has that."""
    is_whole: bool
    """The history has this shutoff; otherwise only the state knows of it."""


def story_of(state: State, events: Sequence[Event]) -> Story:
    """The last shutoff of the burner with this state, and its circumstances."""
    last = state.get("last_trip")
    index = _last(events, "trip")
    known = index is not None and (last is None or _is_same(events[index], last))
    if index is None or not known:
        return _of_state_alone(state, events)
    trip = events[index]
    root = _root(events, index)
    begins = _begin(events, root)
    cause = events[root]
    timer = _timer(events, root) if cause.get("reason") == "timer" else None
    before = [
        event
        for number, event in enumerate(events[:index])
        if _led_to(event)
        and (number >= begins or number == timer or _extends(events, timer, number, root))
    ]
    after = _after(events[index + 1 :])
    kinds = [event.get("type") for event in after]
    # A crash may have lost the last second of the history, and not of the state.
    confirmed = _first(after, "trip_confirmed") or (
        last if last and last.get("confirmed") else None
    )
    # One of several relays in series that stayed closed is another matter.
    failed = next((one for one in after if _is_failure(one)), None)
    burnt_on = failed is not None and "trip_confirmed" in kinds[: after.index(failed)]
    return Story(
        trip=trip,
        confirmed=confirmed,
        failed=failed,
        burnt_on=burnt_on,
        cause=None if root == index else cause,
        timer=None if timer is None else events[timer],
        extended=tuple(
            event
            for number, event in enumerate(events[:root])
            if _extends(events, timer, number, root)
        ),
        before=_fit(_few_flames(before), _MOST_BEFORE, 3),
        after=_fit(_few_flames(after), _MOST_AFTER, 7),
        went_out=_is_lit_before(events[:index]) and _first(after, "flame_out") is not None,
        by_hand=_by_hand(state, events, index),
        locked=_locked(state, events),
        is_whole=True,
    )


def _of_state_alone(state: State, events: Sequence[Event]) -> Story:
    """The history does not have the shutoff that the state knows of, or there was none."""
    last = state.get("last_trip")
    trip = None if last is None else {"type": "trip", "burner": state.get("burner"), **last}
    after = [event for event in events if last is not None and _moment(event) >= _moment(last)]
    return Story(
        trip=trip,
        confirmed=last if last and last.get("confirmed") else None,
        failed=None,
        burnt_on=False,
        cause=None,
        timer=None,
        extended=(),
        before=(),
        after=_fit(_few_flames(_after(after)), _MOST_AFTER, 7),
        went_out=False,
        by_hand=_by_hand(state, events, -1) if last is None else None,
        locked=_locked(state, events),
        is_whole=last is None,
    )


def _locked(state: State, events: Sequence[Event]) -> dict[str, Event]:
    found = {one.get("reason"): one for one in events if one.get("type") == "locked"}
    return {lock: found[lock] for lock in state.get("locks") or () if lock in found}


def _last(events: Sequence[Event], kind: str) -> int | None:
    found = (n for n in range(len(events) - 1, -1, -1) if events[n].get("type") == kind)
    return next(found, None)


def _first(events: Sequence[Event], kind: str) -> Event | None:
    return next((event for event in events if event.get("type") == kind), None)


def _is_failure(event: Event) -> bool:
    return event.get("type") == "trip_failed" and "relay" not in event


def _moment(about: Event) -> float:
    try:
        return datetime.fromisoformat(str(about.get("at"))).timestamp()
    except ValueError:
        return 0.0


def _is_same(event: Event, last: Event) -> bool:
    """Whether the state's last shutoff is this one."""
    apart = abs(_moment(event) - _moment(last))
    return apart <= _SAME and event.get("reason") == last.get("reason")


def _root(events: Sequence[Event], index: int) -> int:
    """The shutoff that came first, where those after it only opened again."""
    number = index
    while events[number].get("closed_outside"):
        earlier = _last(events[:number], "trip")
        if earlier is None:
            return number
        number = earlier
    return number


def _begin(events: Sequence[Event], root: int) -> int:
    """Where what led to it begins: behind the shutoff before it, or the burn before this one."""
    lit_at = inf
    oldest = _moment(events[root]) - _LONGEST_TIMER
    number = root
    while number > 0:
        event = events[number - 1]
        kind, at = event.get("type"), _moment(event)
        ends_other = kind == "flame_out" and lit_at != inf and at < lit_at - _GAP
        if kind in ("trip", "rearmed") or ends_other or at < oldest:
            break
        if kind == "flame_lit":
            lit_at = at
        number -= 1
    return number


def _timer(events: Sequence[Event], root: int) -> int | None:
    """Where the timer that ended was set. One that is set anew replaces the one before."""
    for number in range(root - 1, -1, -1):
        kind = events[number].get("type")
        if kind == "timer_started":
            return number
        if kind == "timer_cancelled":
            return None
    return None


def _extends(events: Sequence[Event], timer: int | None, number: int, root: int) -> bool:
    later = timer is not None and timer < number < root
    return later and events[number].get("type") == "timer_extended"


def _led_to(event: Event) -> bool:
    """Whether an event may be part of a cause. What a shutoff itself cancels is none."""
    kind, reason = event.get("type"), event.get("reason")
    cancelled_by_it = kind == "timer_cancelled" and reason not in (None, "already_off")
    return kind not in ("command_rejected", "trip_confirmed") and not cancelled_by_it


def _after(events: Sequence[Event]) -> list[Event]:
    """What came of it, until the circuit was closed again."""
    found = []
    for event in events:
        kind = event.get("type")
        if kind == "command_rejected" and event.get("code") not in _REARM_CODES:
            continue
        if kind == "timer_cancelled" and event.get("reason") is not None:
            continue
        found.append(event)
        if kind == "rearmed":
            break
    return found


def _is_lit_before(events: Sequence[Event]) -> bool:
    """Whether the flame was seen lit last."""
    kinds = [event.get("type") for event in events]
    flames = [kind for kind in kinds if kind in _FLAME]
    return flames[-1:] == ["flame_lit"]


def _by_hand(state: State, events: Sequence[Event], index: int) -> Event | None:
    """Where it was lit after the last shutoff, and went out by itself: that it did."""
    if state.get("flame") != "out":
        return None
    lit, out = _last(events, "flame_lit"), _last(events, "flame_out")
    if lit is None or out is None or not index < lit < out:
        return None
    return events[out]


def _few_flames(events: Sequence[Event]) -> list[Event]:
    """A sensor that bounces must not fill the page: the first, and the last two."""
    flames = [event for event in events if event.get("type") in _FLAME]
    if len(flames) <= _MOST_FLAMES:
        return list(events)
    kept = [flames[0], *flames[1 - _MOST_FLAMES :]]
    return [
        event
        for event in events
        if event.get("type") not in _FLAME or any(event is one for one in kept)
    ]


def _fit(events: Sequence[Event], most: int, first: int) -> tuple[Event, ...]:
    """At most so many, of them so many of the first ones."""
    if len(events) <= most:
        return tuple(events)
    last = most - first - 1
    more = {"type": MORE, "n": len(events) - first - last, "at": events[first].get("at")}
    return (*events[:first], more, *events[len(events) - last :])
