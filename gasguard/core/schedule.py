"""Schedules: a window is a level that locks the burner, an off at a time shuts off what is in use.

What the calendar says comes from outside, whenever it changes; what the wall clock does meanwhile
is no concern of the core's.
"""

from gasguard.core.actions import leave_lockout, lock_out, trip
from gasguard.core.deadline import Deadline
from gasguard.core.messages import CalendarRead, Kind, OffIsDue
from gasguard.core.model import Contact, Flame, Lock, Reason, Source, State
from gasguard.core.turn import Turn

SAME_MOMENT = 30.0
"""Seconds by which the moment of one shutoff may move, with a clock that is being set, until it is
warned of anew."""


def calendar_read(turn: Turn, event: CalendarRead) -> None:
    """Inside a window the burner is locked, outside it is not."""
    turn.set(calendar=event.calendar)
    LOCKING.do_if_due(turn)
    if event.calendar.window is None and Lock.SCHEDULE in turn.state.locks:
        turn.set(locks=turn.state.locks - {Lock.SCHEDULE})
        turn.tell(Kind.UNLOCKED, Lock.SCHEDULE, event.source)
        leave_lockout(turn)


def off_is_due(turn: Turn, event: OffIsDue) -> None:
    """Shut off what is in use; one that nobody uses stays ready."""
    if _in_use(turn.state):
        trip(turn, Reason.SCHEDULE, Source.SCHEDULE, schedule=event.schedule)


def why_locked(state: State) -> str:
    """What to do about the lock of a schedule, for people."""
    window, until = state.calendar.window, state.calendar.until
    if window is None:
        return "a schedule's window held when the guard ended, and the clock is not set yet"
    return (
        f"schedule {window} locks it until {until}; to skip that: gasguard schedule {window} skip"
    )


def _in_use(state: State) -> bool:
    """Whether it may burn, or soon will: a timer runs, or nobody knows that the flame is out."""
    may_burn = state.flame_seen or state.flame is not Flame.OUT
    return state.contact is not Contact.OPEN and (state.timer is not None or may_burn)


# --- windows --------------------------------------------------------------------------------------


def _locks_at(state: State) -> float | None:
    calendar = state.calendar
    if calendar.window is None or Lock.SCHEDULE in state.locks or state.settings.jog:
        return None
    return calendar.shuts_off_at if _in_use(state) else calendar.begins_at


def _lock(turn: Turn) -> None:
    idle = None if _in_use(turn.state) else True
    window = turn.state.calendar.window
    lock_out(turn, Lock.SCHEDULE, Source.SCHEDULE, schedule=window, idle=idle)


LOCKING = Deadline(_locks_at, _lock)
"""A burner that nobody uses is locked as soon as a window holds; one in use has its grace."""

# --- warnings -------------------------------------------------------------------------------------


def is_warned(state: State) -> bool:
    """Whether the next shutoff by a schedule was warned of."""
    warned, calendar = state.warned_for, state.calendar
    if calendar.by is None or warned is None:
        return False
    return abs(warned - calendar.shuts_off_at) < SAME_MOMENT


def _warns_at(state: State) -> float | None:
    calendar = state.calendar
    if calendar.by is None or not state.active or state.contact is Contact.OPEN:
        return None
    return None if is_warned(state) else calendar.begins_at - state.settings.prewarn


def _warn(turn: Turn) -> None:
    calendar = turn.state.calendar
    turn.set(warned_for=calendar.shuts_off_at)
    remaining = calendar.shuts_off_at - turn.now
    if remaining > 0:
        turn.tell(
            Kind.PREWARNING,
            Reason.SCHEDULE,
            Source.SCHEDULE,
            remaining_s=round(remaining, 1),
            schedule=calendar.by,
        )


WARNING = Deadline(_warns_at, _warn)
"""Whoever cooks is told before a schedule shuts off."""
