"""The device-side countdown: the guard's own lease on the contact, or somebody's delayed off.

A relay with a countdown is told "open in N seconds unless I renew". The same countdown serves
Mi Home's "off in ten minutes", so a value the guard did not set becomes a timer and is left alone.
"""

import math
from dataclasses import replace

from gasguard.core import guards
from gasguard.core.actions import drop_timer
from gasguard.core.messages import Kind, RelayRead, RenewLease
from gasguard.core.model import Phase, RelayView, Source, Timer
from gasguard.core.turn import Turn

_SLACK = 5.0
"""Seconds by which a countdown to the second may be off and still be the same."""
_NOTICED_WITHIN = 60.0
"""Seconds after its end in which a lease that ran out is still taken for the cause."""


def _tolerance(grain: float) -> float:
    """Seconds by which a countdown with this resolution may be off and still be the same."""
    return _SLACK if grain <= 1 else grain + _SLACK


def countdown_read(turn: Turn, event: RelayRead) -> None:
    """Compare the device's countdown with what the guard set, and renew where it is due."""
    settings = turn.state.settings.relays[event.relay]
    if settings.lease is None:
        return
    view = turn.state.relays[event.relay]
    if turn.state.phase is not Phase.READY:
        if event.countdown is None:
            # Read as cancelled: whatever runs there from now on is somebody else's.
            turn.set_relay(event.relay, replace(view, lease_ends=(), lease_inherited=False))
    elif event.countdown is None:
        if view.foreign_end is not None:
            _drop_mi_home_timer(turn)
        _renew(turn, event.relay, settings.lease, None)
    elif math.isfinite(event.countdown):
        _running(turn, event.relay, settings.lease, event.countdown)


def _running(turn: Turn, relay: int, lease: float, left: float) -> None:
    """A countdown runs while somebody may be cooking: keep it up, or adopt it as a timer."""
    view = turn.state.relays[relay]
    end = turn.now + left
    tolerance = _tolerance(turn.state.settings.relays[relay].lease_grain)
    own = view.lease_inherited and left <= lease + tolerance
    if own or any(abs(end - known) <= tolerance for known in view.lease_ends):
        ends = (end,) if own else view.lease_ends
        turn.set_relay(relay, replace(view, lease_ends=ends, lease_inherited=False))
        if left <= lease * 2 / 3:
            _renew(turn, relay, lease, end)
    else:
        _adopt(turn, relay, end, tolerance)


def _drop_mi_home_timer(turn: Turn) -> None:
    """Somebody cancelled the countdown in Mi Home, and with it the timer that it had become."""
    timer = turn.state.timer
    # A timer that is due was not cancelled: it has run out.
    if timer and timer.source is Source.MI_HOME and timer.deadline > turn.now:
        held_until = turn.state.must_end_at
        guards.disallow(turn)
        drop_timer(turn, None, Source.MI_HOME)
        guards.fall_back(turn, held_until)


def _renew(turn: Turn, relay: int, lease: float, running_end: float | None) -> None:
    view = turn.state.relays[relay]
    # A renewal may be lost and is not sent again: until the next read both ends may be the guard's.
    ends = (turn.now + lease,) if running_end is None else (running_end, turn.now + lease)
    turn.set_relay(relay, replace(view, lease_ends=ends, lease_inherited=False, foreign_end=None))
    turn.out.append(RenewLease(relay, lease))


def _adopt(turn: Turn, relay: int, end: float, tolerance: float) -> None:
    """Somebody set this countdown in Mi Home: note it as a timer, and leave it alone."""
    view = turn.state.relays[relay]
    known = view.foreign_end
    turn.set_relay(relay, replace(view, foreign_end=end, lease_ends=(), lease_inherited=False))
    timer = turn.state.timer
    if timer and known is not None and abs(end - known) <= tolerance:
        return
    # A timer set by another way stays, because the countdown may yet be cancelled in Mi Home.
    if turn.state.when_lit is None and (timer is None or timer.source is Source.MI_HOME):
        left = end - turn.now
        turn.set(timer=Timer(end, left, Source.MI_HOME, outranks_until=end))
        turn.tell(Kind.TIMER_STARTED, None, Source.MI_HOME, duration_s=round(left, 1))


def foreign_expired(turn: Turn, view: RelayView, grain: float) -> bool:
    """Whether an opening that nobody ordered is the end of a countdown set in Mi Home."""
    return view.foreign_end is not None and turn.now >= view.foreign_end - _tolerance(grain)


def expired(turn: Turn, view: RelayView, grain: float) -> bool:
    """Whether an opening that nobody ordered is the end of the guard's own lease."""
    tolerance = _tolerance(grain)
    return view.lease_inherited or any(
        end - tolerance <= turn.now <= end + tolerance + _NOTICED_WITHIN for end in view.lease_ends
    )
