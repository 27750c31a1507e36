"""The device-side countdown: the guard's own lease on the contact, or somebody's delayed off.

A relay with a countdown is told "open in N seconds unless I renew". The same countdown serves
Mi Home's "off in ten minutes", so a value the guard did not set becomes a timer and is left alone.
"""

import math
from dataclasses import replace

from gasguard.core.actions import drop_timer
from gasguard.core.messages import Kind, RelayRead, RenewLease
from gasguard.core.model import Phase, RelayView, Source, Timer
from gasguard.core.turn import Turn

_SLACK = 5.0
"""Seconds by which a countdown may differ from what the guard expects and still be its own."""
_NOTICED_WITHIN = 60.0
"""Seconds after its end in which a lease that ran out is still taken for the cause."""


def slack(grain: float) -> float:
    """Tolerance in seconds for a countdown with this resolution."""
    return _SLACK if grain <= 1 else grain + _SLACK


def countdown_read(turn: Turn, event: RelayRead) -> None:
    """Compare the device's countdown with what the guard set, and renew where it is due."""
    settings = turn.state.settings.relays[event.relay]
    if settings.lease is None:
        return
    view = turn.state.relays[event.relay]
    if turn.state.phase is not Phase.READY:
        if event.countdown is None:
            # Cancelled, and seen to be: what runs there from now on is somebody else's.
            turn.set_relay(event.relay, replace(view, lease_ends=(), lease_inherited=False))
        return
    if event.countdown is None:
        if view.foreign_end is not None:
            _cancelled_elsewhere(turn)
        _renew(turn, event.relay, settings.lease, None)
        return
    if not math.isfinite(event.countdown):
        return
    end = turn.now + event.countdown
    tolerance = slack(settings.lease_grain)
    own = view.lease_inherited and event.countdown <= settings.lease + tolerance
    if own or any(abs(end - known) <= tolerance for known in view.lease_ends):
        turn.set_relay(event.relay, replace(view, lease_inherited=False))
        if event.countdown <= settings.lease * 2 / 3:
            _renew(turn, event.relay, settings.lease, end)
        elif own:
            turn.set_relay(event.relay, replace(turn.state.relays[event.relay], lease_ends=(end,)))
    else:
        _somebody_elses(turn, event.relay, view, end, tolerance)


def _cancelled_elsewhere(turn: Turn) -> None:
    timer = turn.state.timer
    if timer and timer.source is Source.MI_HOME and timer.deadline > turn.now:
        drop_timer(turn, None, Source.MI_HOME)


def _renew(turn: Turn, relay: int, lease: float, running_end: float | None) -> None:
    view = turn.state.relays[relay]
    # A renewal may be lost, and is never sent again: until the next read both ends are the guard's.
    ends = (turn.now + lease,) if running_end is None else (running_end, turn.now + lease)
    turn.set_relay(relay, replace(view, lease_ends=ends, lease_inherited=False, foreign_end=None))
    turn.out.append(RenewLease(relay, lease))


def _somebody_elses(turn: Turn, relay: int, view: RelayView, end: float, tolerance: float) -> None:
    known = view.foreign_end
    turn.set_relay(relay, replace(view, foreign_end=end, lease_ends=(), lease_inherited=False))
    timer = turn.state.timer
    if timer and known is not None and abs(end - known) <= tolerance:
        return
    # A timer of one's own stays: Mi Home may cancel its countdown again.
    if timer is None or timer.source is Source.MI_HOME:
        left = end - turn.now
        turn.set(timer=Timer(end, left, Source.MI_HOME))
        turn.tell(Kind.TIMER_STARTED, None, Source.MI_HOME, duration_s=round(left, 1))


def expired(turn: Turn, view: RelayView, grain: float) -> bool:
    """Whether an opening nobody ordered is the guard's own lease running out."""
    near = slack(grain)
    return view.lease_inherited or any(
        end - near <= turn.now <= end + near + _NOTICED_WITHIN for end in view.lease_ends
    )
