"""Schedules: a window is a level that locks the burner, an off at a time shuts off what is in use.

What the calendar says comes from outside, whenever it changes; what the wall clock does meanwhile
is no concern of the core's.
"""

from collections.abc import Sequence

from gasguard.core.actions import leave_lockout, lock_out, trip
from gasguard.core.deadline import Deadline, for_each
from gasguard.core.messages import CalendarRead, Kind, OffIsDue
from gasguard.core.model import Contact, Flame, Lock, Reason, Shutoff, Source, State
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


def warned_of(state: State) -> str | None:
    """The schedule whose shutoff was warned of, the soonest one; None where none was."""
    warned = [one for one in _shutoffs(state) if _is_warned(state, one)]
    return min(warned, key=lambda one: one.shuts_off_at).by if warned else None


def _shutoffs(state: State) -> Sequence[Shutoff]:
    calendar = state.calendar
    if calendar.by is None:
        return ()
    return Shutoff(calendar.by, calendar.begins_at, calendar.shuts_off_at), *calendar.besides


def _is_warned(state: State, shutoff: Shutoff) -> bool:
    return any(abs(at - shutoff.begins_at) < SAME_MOMENT for at in state.warned_for)


def _warns_at(state: State, shutoff: Shutoff) -> float | None:
    if not state.active or state.contact is Contact.OPEN or _is_warned(state, shutoff):
        return None
    return shutoff.begins_at - state.settings.prewarn


def _warn(turn: Turn, shutoff: Shutoff) -> None:
    state = turn.state
    known = [one.begins_at for one in _shutoffs(state) if _is_warned(state, one)]
    turn.set(warned_for=(*known, shutoff.begins_at))
    remaining = shutoff.shuts_off_at - turn.now
    if remaining > 0:
        turn.tell(
            Kind.PREWARNING,
            Reason.SCHEDULE,
            Source.SCHEDULE,
            remaining_s=round(remaining, 1),
            schedule=shutoff.by,
        )


WARNING = for_each(_shutoffs, _warns_at, _warn)
"""Whoever cooks is told before a schedule shuts off, and in its grace of another that is sooner."""
