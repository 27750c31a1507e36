"""The few things that change the contact: a trip, its confirmation, its failure, the closing."""

from dataclasses import replace

from gasguard.core.deadline import Deadline
from gasguard.core.messages import CancelLease, CloseContact, Kind, OpenContact, Status
from gasguard.core.model import (
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
    Lock.SMOKE_ALARM: Reason.SMOKE_ALARM,
    Lock.OVERHEAT: Reason.OVERHEAT,
    Lock.CHILD: Reason.LOCK,
    Lock.RESTART: Reason.RESTART,
}
_MAY_CLOSE = (Phase.STARTING, Phase.TRIPPED)


def trip(
    turn: Turn, reason: Reason, source: Source, ref: int = 0, message: str | None = None
) -> None:
    """Demand that the contact opens. Always possible, in every phase; drops the timer.

    While an earlier demand is still unconfirmed its cause stays the one on record: it came first.
    """
    state = turn.state
    if state.timer is not None:
        if (reason, source) != (Reason.TIMER, state.timer.source):
            drop_timer(turn, reason, source)
        turn.set(timer=None)
    under_way = state.opening if state.phase in (Phase.TRIPPING, Phase.TRIP_FAILED) else None
    if under_way is None or state.last_trip is None:
        turn.set(last_trip=Trip(reason, source, turn.wall, turn.now))
        turn.tell(Kind.TRIP, reason, source, message=message)
    if ref:
        if len(state.waiting) >= MAX_WAITING:
            give_up_waiting(turn, state.waiting[0])
        turn.set(waiting=(*turn.state.waiting, Waiting(ref, turn.now)))
    turn.set(
        phase=Phase.TRIP_FAILED if state.phase is Phase.TRIP_FAILED else Phase.TRIPPING,
        opening=Opening(
            since=under_way.since if under_way else turn.now,
            disobeyed=under_way.disobeyed if under_way else (),
        ),
        commanded_at=turn.now,
        relays=tuple(replace(view, told=False) for view in state.relays),
        closing=None,
        # Another off behind an open contact does not give a flame that burns on more time.
        flame_deadline=state.flame_deadline if state.contact is Contact.OPEN else None,
    )
    turn.out.append(OpenContact(overtakes_close=state.closing is not None))


def reopen(turn: Turn) -> None:
    """Somebody closed the contact while it must be open: open it at once and say why."""
    state = turn.state
    lock = next((lock for lock in REASON_OF_LOCK if lock in state.locks), None)
    if lock:
        reason, why = REASON_OF_LOCK[lock], f"the burner is locked ({lock})"
    else:
        reason = state.last_trip.reason if state.last_trip else Reason.RESTART
        why = f"the burner was shut off ({reason}) and is not re-armed yet"
    trip(turn, reason, Source.GUARD, message=f"closed from outside and opened again: {why}")


def pulse(turn: Turn) -> None:
    """Open a module that closes again by itself, once more; no new demand."""
    turn.set(commanded_at=turn.now)
    turn.out.append(OpenContact())


def confirm(turn: Turn) -> None:
    """A read-back asked after the command shows the contact open."""
    state = turn.state
    for waiting in state.waiting:
        if state.burns_on:
            turn.answer(
                waiting.ref, Status.FAILED, "flame_burns_on", "contact open, but the flame burns on"
            )
        else:
            turn.answer(
                waiting.ref,
                Status.CONFIRMED,
                None,
                f"confirmed in {_milliseconds(turn.now - waiting.asked_at)} ms",
            )
    last = state.last_trip
    if last and not last.confirmed:
        latency = turn.now - last.began
        last = replace(last, confirmed=True, latency=latency)
        turn.tell(Kind.TRIP_CONFIRMED, last.reason, last.source, latency_ms=_milliseconds(latency))
    lit = state.flame is Flame.LIT
    flame_deadline = state.flame_deadline
    if flame_deadline is None and lit:
        flame_deadline = turn.now + state.settings.flame_out_within
    turn.set(
        phase=_open_phase(turn),
        opening=None,
        waiting=(),
        last_trip=last,
        hold_until=turn.now + state.settings.rearm_after,
        burning_since=state.burning_since if lit else None,
        flame_deadline=flame_deadline,
    )
    for index, view in enumerate(state.relays):
        if view.lease_ends or view.foreign_end is not None:
            turn.out.append(CancelLease(index))
            # Should the cancelling be lost, what is left over is known as the guard's own.
            ends = tuple(end for end in view.lease_ends if end > turn.now)
            turn.set_relay(index, replace(view, lease_ends=ends, foreign_end=None))


def _open_phase(turn: Turn) -> Phase:
    if turn.state.burns_on:
        return Phase.TRIP_FAILED
    return Phase.LOCKED_OUT if turn.state.locks else Phase.TRIPPED


def fail_trip(turn: Turn, why: str) -> None:
    """The trip did not do its work in time: loudest alarm, opening goes on."""
    turn.set(phase=Phase.TRIP_FAILED)
    tell_trip_failed(turn, why)


def tell_trip_failed(turn: Turn, why: str, relay: int | None = None) -> None:
    """Say that the last trip failed, altogether or at one relay of several."""
    last = turn.state.last_trip
    reason, source = (last.reason, last.source) if last else (None, None)
    turn.tell(Kind.TRIP_FAILED, reason, source, relay=relay, message=why)


def give_up_waiting(turn: Turn, waiting: Waiting) -> None:
    """Tell a request that has waited long enough that its shutoff is not confirmed (yet)."""
    turn.set(waiting=tuple(other for other in turn.state.waiting if other is not waiting))
    problem = turn.state.problem
    message = "not confirmed; still trying" + (f": {problem}" if problem else "")
    turn.answer(waiting.ref, Status.FAILED, "not_confirmed", message)


def drop_timer(turn: Turn, reason: str | None, source: Source) -> None:
    """Cancel the timer, if one runs, and say so."""
    if turn.state.timer is not None:
        turn.set(timer=None)
        turn.tell(Kind.TIMER_CANCELLED, reason, source)


def latch(turn: Turn, lock: Lock, source: Source = Source.GUARD) -> None:
    """Add a lock, behind which no timer runs; its trip, if it needs one, is the caller's."""
    drop_timer(turn, REASON_OF_LOCK.get(lock, lock), source)
    turn.set(locks=turn.state.locks | {lock})
    turn.tell(Kind.LOCKED, lock)


def _may_close_at(state: State) -> float | None:
    """When the contact may be closed; None while more than time stands between."""
    if state.phase not in _MAY_CLOSE or state.closing is not None:
        return None
    if state.locks or state.hazards or state.flame is Flame.LIT:
        return None
    if any(view.contact is Contact.UNKNOWN for view in state.relays):
        return None
    if state.phase is Phase.STARTING and state.contact is not Contact.OPEN:
        return None
    return max(state.hold_until, state.close_not_before)


def _close(turn: Turn) -> None:
    turn.set(closing=turn.now, commanded_at=turn.now)
    turn.out.append(CloseContact())


CLOSING = Deadline(_may_close_at, _close)
"""The one place that orders the contact closed: rule 4 of the safety concept is kept here. Whoever
takes away what forbade it calls `CLOSING.do_if_due`."""


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
