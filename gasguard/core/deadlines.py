"""What the passing of time does, and when it next does something."""

from collections.abc import Iterator
from dataclasses import replace

from gasguard.core import hazards, thermocouple
from gasguard.core.actions import (
    close_if_due,
    drop_timer,
    fail_trip,
    give_up_waiting,
    latch,
    may_close,
    trip,
)
from gasguard.core.messages import Kind, OpenContact
from gasguard.core.model import (
    CONFIRM_WITHIN,
    STALE_AFTER,
    UNREACHABLE_AFTER,
    Contact,
    Flame,
    Lock,
    Phase,
    Reason,
    RelayView,
    Source,
    State,
)
from gasguard.core.turn import Turn

_CAN_BURN = (Phase.STARTING, Phase.READY)
_HELD_OPEN = (Phase.TRIPPED, Phase.LOCKED_OUT)


def tick(turn: Turn) -> None:
    """Do everything that is due now."""
    for index in range(len(turn.state.relays)):
        _notice_silence(turn, index)
    thermocouple.expires(turn)
    hazards.expires(turn)
    _timer(turn)
    must_end_at = _longest_burn(turn.state)
    if must_end_at is not None and turn.now >= must_end_at:
        trip(turn, Reason.MAX_BURN, Source.GUARD)
    opening = turn.state.opening
    if (
        opening is not None
        and turn.state.phase is Phase.TRIPPING
        and turn.now >= opening.since + CONFIRM_WITHIN
    ):
        fail_trip(turn, _why_not_open(turn.state))
    _one_of_several_failed(turn)
    give_up_waiting(turn)
    _flame_burns_on(turn)
    close_if_due(turn)


def next_deadline(state: State) -> float | None:
    """When `Tick` is due next, or None. Ticks in between change nothing."""
    return min(_deadlines(state), default=None)


def _deadlines(state: State) -> Iterator[float]:
    for view in state.relays:
        heard = _heard(view)
        if not view.lost:
            yield heard + UNREACHABLE_AFTER
        if view.contact is not Contact.UNKNOWN:
            yield heard + STALE_AFTER
    if state.timer is not None:
        yield state.timer.deadline
        if not state.timer.warned:
            yield state.timer.deadline - state.settings.prewarn
    if (must_end_at := _longest_burn(state)) is not None:
        yield must_end_at
    if state.flame_expires is not None:
        yield state.flame_expires
    yield from hazards.expiries(state)
    if state.opening is not None:
        if state.phase is Phase.TRIPPING:
            yield state.opening.since + CONFIRM_WITHIN
        if state.opening.waiting:
            yield state.opening.waiting[0].until
    if state.flame_deadline is not None and _reads_lit_behind_open(state):
        yield state.flame_deadline
    if _not_opened(state):
        yield state.commanded_at + CONFIRM_WITHIN
    if may_close(state):
        yield max(state.hold_until, state.close_not_before)


def _longest_burn(state: State) -> float | None:
    """When a burner that can burn must be tripped."""
    due, last = state.must_end_at, state.last_trip
    if due is None or state.phase in _CAN_BURN:
        return due
    # A module in jog mode has closed by itself and may have been lit again while still tripped.
    closed_itself = state.settings.jog and state.phase is Phase.TRIPPED
    return due if closed_itself and (last is None or last.began < due) else None


def _reads_lit_behind_open(state: State) -> bool:
    return state.flame is Flame.LIT and state.phase in _HELD_OPEN and state.closing is None


def _heard(view: RelayView) -> float:
    return view.since if view.read_at is None else view.read_at


def _notice_silence(turn: Turn, index: int) -> None:
    view = turn.state.relays[index]
    heard = _heard(view)
    # The same sums as in `_deadlines`: rounding must leave nothing due behind.
    if turn.now >= heard + UNREACHABLE_AFTER and not view.lost:
        turn.set_relay(index, replace(view, reachable=False, lost=True))
        turn.tell(
            Kind.RELAY_UNREACHABLE,
            relay=index,
            message=view.problem,
            burning=turn.state.active,
            locked=bool(turn.state.locks),
        )
    if turn.now >= heard + STALE_AFTER:
        turn.set_relay(index, replace(turn.state.relays[index], contact=Contact.UNKNOWN))


def _timer(turn: Turn) -> None:
    state, timer = turn.state, turn.state.timer
    if timer is None:
        return
    if turn.now >= timer.deadline:
        # Not read for long is not open: somebody may have closed it while nobody could look. And
        # a module in jog mode has closed again by itself, or is about to.
        stays_open = state.closing is None and not state.settings.jog
        if state.contact is Contact.OPEN and stays_open:
            drop_timer(turn, "already_off", timer.source)
        else:
            trip(turn, Reason.TIMER, timer.source)
    elif not timer.warned and turn.now >= timer.deadline - state.settings.prewarn:
        turn.set(timer=replace(timer, warned=True))
        # A timer shorter than the warning time was set a moment ago: nobody needs reminding.
        if timer.duration > state.settings.prewarn:
            turn.tell(
                Kind.PREWARNING,
                Reason.TIMER,
                timer.source,
                remaining_s=round(timer.deadline - turn.now, 1),
                label=timer.label,
            )


def _one_of_several_failed(turn: Turn) -> None:
    """The trip is confirmed, but a relay in series is not open: its keeper goes on trying."""
    state = turn.state
    last = state.last_trip
    if turn.now < state.commanded_at + CONFIRM_WITHIN:
        return
    for index in _not_opened(state):
        turn.set_relay(index, replace(turn.state.relays[index], told=True))
        turn.tell(
            Kind.TRIP_FAILED,
            last.reason if last else None,
            last.source if last else None,
            relay=index,
            message=f"relay {index} did not open; another in series did, so the burner is off",
        )


def _not_opened(state: State) -> list[int]:
    if state.phase not in _HELD_OPEN or state.closing is not None:
        return []
    if state.contact is not Contact.OPEN:
        return []
    return [
        index
        for index, view in enumerate(state.relays)
        if view.contact is Contact.CLOSED and not view.told
    ]


def _why_not_open(state: State) -> str:
    problem = next((view.problem for view in state.relays if view.problem), "no answer")
    return f"not confirmed open within {CONFIRM_WITHIN:.0f} s, still trying: {problem}"


def _flame_burns_on(turn: Turn) -> None:
    state = turn.state
    due = state.flame_deadline is not None and turn.now >= state.flame_deadline
    if due and _reads_lit_behind_open(state):
        turn.set(burns_on=True)
        if Lock.STUCK not in state.locks:
            latch(turn, Lock.STUCK)
        fail_trip(turn, "the contact is open but the flame burns on: turn the stove off by hand")
        turn.out.append(OpenContact())
