"""The few things that change the contact: a trip, its confirmation, its failure, the closing."""

from dataclasses import replace

from gasguard.core.deadline import Deadline
from gasguard.core.messages import CancelLease, CloseContact, Kind, OpenContact, Status
from gasguard.core.model import (
    MAX_EXTEND_IDS,
    MAX_WAITING,
    Contact,
    Flame,
    Lock,
    Opening,
    Phase,
    Reason,
    Source,
    State,
    Trip,
    Waiting,
)
from gasguard.core.turn import Turn

REASON_OF_LOCK = {
    Lock.GAS_ALARM: Reason.GAS_ALARM,
    Lock.CARBON_MONOXIDE: Reason.CARBON_MONOXIDE,
    Lock.SMOKE_ALARM: Reason.SMOKE_ALARM,
    Lock.OVERHEAT: Reason.OVERHEAT,
    Lock.CHILD: Reason.LOCK,
    Lock.SCHEDULE: Reason.SCHEDULE,
    Lock.RESTART: Reason.RESTART,
}
"""What a burner behind this lock is tripped for; where several locks stand, the first of these.
`stuck` is missing: it follows a trip and causes none."""
_MAY_CLOSE = (Phase.STARTING, Phase.TRIPPED)


# --- opening --------------------------------------------------------------------------------------


def trip(
    turn: Turn, reason: Reason, source: Source, ref: int = 0, **details: str | bool | None
) -> None:
    """Demand that the contact opens, at once and in every phase. Ends the timer.

    While an earlier demand is unconfirmed its cause stays on record: it came first. `details` say
    more of the cause.
    """
    state = turn.state
    under_way = state.opening if state.phase in (Phase.TRIPPING, Phase.TRIP_FAILED) else None
    _end_timer(turn, reason, source)
    if under_way is None or state.last_trip is None:
        turn.set(last_trip=Trip(reason, source, turn.wall, turn.now))
        turn.tell(Kind.TRIP, reason, source, **details)
    if ref:
        _let_wait(turn, ref)
    turn.set(
        phase=Phase.TRIP_FAILED if state.phase is Phase.TRIP_FAILED else Phase.TRIPPING,
        opening=under_way or Opening(since=turn.now),
        commanded_at=turn.now,
        relays=tuple(replace(view, failure_told=False) for view in state.relays),
        closing=None,
        # Another off behind an open contact gives a flame that burns on no more time.
        flame_deadline=state.flame_deadline if state.contact is Contact.OPEN else None,
    )
    turn.out.append(OpenContact(overtakes_close=state.closing is not None))


def _end_timer(turn: Turn, reason: Reason, source: Source) -> None:
    timer = turn.state.timer
    if timer is not None and (reason, source) == (Reason.TIMER, timer.source):
        # It has run out, which is no cancelling.
        turn.set(timer=None)
    else:
        drop_timer(turn, reason, source)


def _let_wait(turn: Turn, ref: int) -> None:
    """Have this request told whether the contact opened; with too many waiting, drop the oldest."""
    if len(turn.state.waiting) >= MAX_WAITING:
        give_up_waiting(turn, turn.state.waiting[0])
    turn.set(waiting=(*turn.state.waiting, Waiting(ref, turn.now)))


def reopen(turn: Turn) -> None:
    """Somebody closed the contact while it must be open: open it at once and say why."""
    state = turn.state
    lock = next((lock for lock in REASON_OF_LOCK if lock in state.locks), None)
    if lock:
        reason, why = REASON_OF_LOCK[lock], f"the burner is locked ({lock})"
    else:
        reason = state.last_trip.reason if state.last_trip else Reason.RESTART
        why = f"the burner was shut off ({reason}) and is not re-armed yet"
    message = f"closed from outside and opened again: {why}"
    trip(turn, reason, Source.GUARD, message=message, closed_outside=True)


def pulse(turn: Turn) -> None:
    """Open a module that closes by itself once more. This is no new demand."""
    turn.set(commanded_at=turn.now)
    turn.out.append(OpenContact())


# --- what becomes of it ---------------------------------------------------------------------------


def confirm(turn: Turn) -> None:
    """A question asked after the command was answered: the contact is open."""
    state = turn.state
    for waiting in state.waiting:
        _answer_waiting(turn, waiting)
    _confirm_last_trip(turn)
    flame_deadline = state.flame_deadline
    if flame_deadline is None and state.flame_seen:
        flame_deadline = turn.now + state.settings.flame_out_within
    turn.set(
        phase=_open_phase(turn),
        opening=None,
        waiting=(),
        hold_until=turn.now + state.settings.rearm_after,
        # A pan that is still hot behind an open contact is no flame.
        burning_since=state.burning_since if _reads_lit(state) else None,
        unseen_since=None,
        flame_deadline=flame_deadline,
    )
    _cancel_countdowns(turn)


def _reads_lit(state: State) -> bool:
    return state.flame is Flame.LIT and state.settings.flame_measured


def _answer_waiting(turn: Turn, waiting: Waiting) -> None:
    if turn.state.burns_on:
        turn.answer(
            waiting.ref, Status.FAILED, "flame_burns_on", "contact open, but the flame burns on"
        )
    else:
        took = _milliseconds(turn.now - waiting.asked_at)
        turn.answer(waiting.ref, Status.CONFIRMED, None, f"confirmed in {took} ms")


def _confirm_last_trip(turn: Turn) -> None:
    last = turn.state.last_trip
    if last and not last.confirmed:
        latency = turn.now - last.began
        turn.set(last_trip=replace(last, confirmed=True, latency=latency))
        turn.tell(Kind.TRIP_CONFIRMED, last.reason, last.source, latency_ms=_milliseconds(latency))


def _open_phase(turn: Turn) -> Phase:
    if turn.state.burns_on:
        return Phase.TRIP_FAILED
    return Phase.LOCKED_OUT if turn.state.locks else Phase.TRIPPED


def _cancel_countdowns(turn: Turn) -> None:
    """The burner is off: a countdown that ran on could only end what is cooked next."""
    for index, view in enumerate(turn.state.relays):
        if view.lease_ends or view.foreign_end is not None:
            turn.out.append(CancelLease(index))
            # If the cancelling is lost, the end tells that what runs on is the guard's own.
            ends = tuple(end for end in view.lease_ends if end > turn.now)
            turn.set_relay(index, replace(view, lease_ends=ends, foreign_end=None))


def fail_trip(turn: Turn, why: str) -> None:
    """The trip did not do its work in time: raise the loudest alarm. Opening goes on."""
    turn.set(phase=Phase.TRIP_FAILED)
    tell_trip_failed(turn, why)


def tell_trip_failed(turn: Turn, why: str, relay: int | None = None) -> None:
    """Say that the last trip failed, altogether or at one relay in series."""
    last = turn.state.last_trip
    reason, source = (last.reason, last.source) if last else (None, None)
    turn.tell(Kind.TRIP_FAILED, reason, source, relay=relay, message=why)


def give_up_waiting(turn: Turn, waiting: Waiting) -> None:
    """Tell a request that has waited long enough: its shutoff is not confirmed, or not yet."""
    turn.set(waiting=tuple(other for other in turn.state.waiting if other is not waiting))
    problem = turn.state.problem
    message = "not confirmed; still trying" + (f": {problem}" if problem else "")
    turn.answer(waiting.ref, Status.FAILED, "not_confirmed", message)


# --- timers and locks -----------------------------------------------------------------------------


def drop_timer(turn: Turn, reason: str | None, source: Source) -> None:
    """Cancel the timer, if one runs or waits, and say so. What has extended it answers no warning
    that comes later."""
    timer = turn.state.timer or turn.state.when_lit
    if timer is not None:
        counted = (*turn.state.answer_ids, *timer.extend_ids)[-MAX_EXTEND_IDS:]
        turn.set(timer=None, when_lit=None, answer_ids=counted)
        turn.tell(Kind.TIMER_CANCELLED, reason, source)


def latch(
    turn: Turn,
    lock: Lock,
    source: Source = Source.GUARD,
    sensor: str | None = None,
    schedule: str | None = None,
) -> None:
    """Add a lock and cancel the timer: none runs behind a lock. Tripping is left to the caller.

    `sensor` is what reports the hazard, `schedule` whose window it is.
    """
    drop_timer(turn, REASON_OF_LOCK.get(lock, lock), source)
    turn.set(locks=turn.state.locks | {lock})
    turn.tell(Kind.LOCKED, lock, source, sensor=sensor, schedule=schedule)


def lock_out(
    turn: Turn,
    lock: Lock,
    source: Source,
    schedule: str | None = None,
    **details: str | bool | None,
) -> None:
    """Add a lock, and open the contact where it is not open for another cause already.

    `details` as `trip` takes them.
    """
    state = turn.state
    latch(turn, lock, source, schedule=schedule)
    if state.phase is Phase.TRIPPED and state.closing is None:
        turn.set(phase=Phase.LOCKED_OUT)
    elif state.phase is not Phase.LOCKED_OUT:
        trip(turn, REASON_OF_LOCK[lock], source, 0, schedule=schedule, **details)


def leave_lockout(turn: Turn) -> None:
    """Leave it unless a lock still stands, and close where that is due."""
    state = turn.state
    if state.phase is Phase.LOCKED_OUT and not state.locks:
        turn.set(phase=Phase.TRIPPING if state.opening is not None else Phase.TRIPPED)
    CLOSING.do_if_due(turn)


# --- closing --------------------------------------------------------------------------------------


def _may_close_at(state: State) -> float | None:
    """When the contact may be closed; None while more than time stands between."""
    if state.phase not in _MAY_CLOSE or state.closing is not None:
        return None
    if state.locks or state.hazards or state.flame_seen:
        return None
    if any(view.contact is Contact.UNKNOWN for view in state.relays):
        return None
    # After a trip a contact that reads closed is ordered closed too: jog mode closes by itself.
    if state.phase is Phase.STARTING and state.contact is not Contact.OPEN:
        return None
    return max(state.hold_until, state.close_not_before)


def _close(turn: Turn) -> None:
    turn.set(closing=turn.now, commanded_at=turn.now)
    turn.out.append(CloseContact())


CLOSING = Deadline(_may_close_at, _close)
"""The one place that orders the contact closed: rule 4 of the safety concept is kept here. Whoever
takes away what forbade it calls `CLOSING.do_if_due`."""


def take_back_closing(turn: Turn) -> None:
    """What forbids closing has come while one is under way: it may not have left yet, or not have
    reached every relay. The demand before it stands again."""
    turn.set(
        phase=Phase.TRIPPING,
        opening=Opening(since=turn.now),
        commanded_at=turn.now,
        closing=None,
    )
    turn.out.append(OpenContact(overtakes_close=True))


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
