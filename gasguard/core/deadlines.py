"""What the passing of time does, and when it next does something: one table of (when, do)."""

from collections.abc import Sequence
from dataclasses import replace

from gasguard.core import flame, guards, hazards, people, reminders, schedule, when_lit
from gasguard.core.actions import (
    CLOSING,
    drop_timer,
    fail_trip,
    give_up_waiting,
    tell_trip_failed,
    trip,
)
from gasguard.core.deadline import Deadline, for_each, in_order
from gasguard.core.messages import Kind
from gasguard.core.model import (
    CONFIRM_WITHIN,
    STALE_AFTER,
    UNREACHABLE_AFTER,
    Contact,
    Phase,
    Reason,
    State,
    Timer,
    Waiting,
)
from gasguard.core.turn import Turn

# --- a relay falls silent -------------------------------------------------------------------------


def _relays(state: State) -> range:
    return range(len(state.relays))


def _lost_at(state: State, relay: int) -> float | None:
    view = state.relays[relay]
    return None if view.lost else view.heard_at + UNREACHABLE_AFTER


def _lose_relay(turn: Turn, relay: int) -> None:
    view = turn.state.relays[relay]
    turn.set_relay(relay, replace(view, reachable=False, lost=True))
    turn.tell(
        Kind.RELAY_UNREACHABLE,
        relay=relay,
        message=view.problem,
        burning=turn.state.active,
        locked=bool(turn.state.locks),
    )


def _stale_at(state: State, relay: int) -> float | None:
    view = state.relays[relay]
    return None if view.contact is Contact.UNKNOWN else view.heard_at + STALE_AFTER


def _forget_contact(turn: Turn, relay: int) -> None:
    turn.set_relay(relay, replace(turn.state.relays[relay], contact=Contact.UNKNOWN))


# --- the cooking timer ----------------------------------------------------------------------------


def _timer(state: State) -> tuple[Timer, ...]:
    return () if state.timer is None else (state.timer,)


def _timer_ends_at(_state: State, timer: Timer) -> float:
    return timer.deadline


def _end_timer(turn: Turn, timer: Timer) -> None:
    state = turn.state
    # Not read for long is not open: somebody may have closed it while nobody could look. And a
    # module in jog mode has closed again by itself, or is about to.
    stays_open = state.closing is None and not state.settings.jog
    if state.contact is Contact.OPEN and stays_open:
        drop_timer(turn, "already_off", timer.source)
    else:
        trip(turn, Reason.TIMER, timer.source)


def _prewarning_at(state: State, timer: Timer) -> float | None:
    return None if timer.warned else timer.deadline - state.settings.prewarn


def _prewarn(turn: Turn, timer: Timer) -> None:
    turn.set(timer=replace(timer, warned=True))
    # A timer shorter than the warning time was set a moment ago: nobody needs reminding.
    if timer.duration > turn.state.settings.prewarn:
        turn.tell(
            Kind.PREWARNING,
            Reason.TIMER,
            timer.source,
            remaining_s=round(timer.deadline - turn.now, 1),
            label=timer.label,
        )


# --- a trip that does not do its work -------------------------------------------------------------


def _unconfirmed_at(state: State) -> float | None:
    """When a trip that no read-back has confirmed counts as failed."""
    if state.opening is None or state.phase is not Phase.TRIPPING:
        return None
    return state.opening.since + CONFIRM_WITHIN


def _fail_unconfirmed(turn: Turn) -> None:
    problem = turn.state.problem or "no answer"
    fail_trip(turn, f"not confirmed open within {CONFIRM_WITHIN:.0f} s, still trying: {problem}")


def _waiting(state: State) -> tuple[Waiting, ...]:
    return state.waiting


def _waits_until(_state: State, waiting: Waiting) -> float:
    return waiting.until


def _relays_behind_open(state: State) -> Sequence[int]:
    if not flame.is_held_open(state) or state.contact is not Contact.OPEN:
        return ()
    return _relays(state)


def _should_be_open_at(state: State, relay: int) -> float | None:
    """When a relay that stays closed behind another one in series is told."""
    view = state.relays[relay]
    if view.contact is not Contact.CLOSED or view.failure_told:
        return None
    return state.commanded_at + CONFIRM_WITHIN


def _tell_not_open(turn: Turn, relay: int) -> None:
    """The burner is off; the keeper of this relay goes on trying."""
    turn.set_relay(relay, replace(turn.state.relays[relay], failure_told=True))
    tell_trip_failed(
        turn, f"relay {relay} did not open; another in series did, so the burner is off", relay
    )


# --- the table ------------------------------------------------------------------------------------

DEADLINES = (
    # First, what is not known any more: nothing below may build on it.
    for_each(_relays, _lost_at, _lose_relay),
    for_each(_relays, _stale_at, _forget_contact),
    flame.SILENCE,
    hazards.SILENCE,
    people.SILENCE,
    when_lit.BEGINNING,
    # Then, what is certain by now.
    flame.SETTLING,
    flame.OUT_FOR_LONG,
    # Then, what trips. The first of two trips at the same moment is the one on record: the timer,
    # which somebody has set, comes before the limit.
    for_each(_timer, _timer_ends_at, _end_timer),
    for_each(_timer, _prewarning_at, _prewarn),
    *guards.LIMITS,
    schedule.WARNING,
    schedule.LOCKING,
    # Then, what trips have not achieved.
    Deadline(_unconfirmed_at, _fail_unconfirmed),
    for_each(_relays_behind_open, _should_be_open_at, _tell_not_open),
    for_each(_waiting, _waits_until, give_up_waiting),
    flame.BURNS_ON,
    reminders.DUE,
    # Closing is last: whatever else is due at the same moment may forbid it.
    CLOSING,
)
"""All that the passing of time does, in the order in which it is done."""
_ALL = in_order(DEADLINES)


def tick(turn: Turn) -> None:
    """Do everything that is due now."""
    _ALL.do(turn)


def next_deadline(state: State) -> float | None:
    """When `Tick` is due next, or None. Ticks in between change nothing."""
    return _ALL.when(state)
