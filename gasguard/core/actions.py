"""The few things that change the contact: a trip, its confirmation, its failure, the closing."""

from dataclasses import replace

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
    waiting = under_way.waiting if under_way else ()
    if ref:
        if len(waiting) >= MAX_WAITING:
            _give_up(turn, waiting[0])
            waiting = waiting[1:]
        waiting = (*waiting, Waiting(ref, turn.now))
    turn.set(
        phase=Phase.TRIP_FAILED if state.phase is Phase.TRIP_FAILED else Phase.TRIPPING,
        opening=Opening(
            since=under_way.since if under_way else turn.now,
            waiting=waiting,
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


def confirm(turn: Turn, opening: Opening) -> None:
    """A read-back asked after the command shows the contact open."""
    state = turn.state
    for waiting in opening.waiting:
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
    last = turn.state.last_trip
    turn.set(phase=Phase.TRIP_FAILED)
    turn.tell(
        Kind.TRIP_FAILED, last.reason if last else None, last.source if last else None, message=why
    )


def give_up_waiting(turn: Turn) -> None:
    """Tell requests that have waited long enough that their shutoff is not confirmed (yet)."""
    opening = turn.state.opening
    if opening is None:
        return
    for waiting in opening.waiting:
        if waiting.until <= turn.now:
            _give_up(turn, waiting)
    left = tuple(waiting for waiting in opening.waiting if waiting.until > turn.now)
    turn.set(opening=replace(opening, waiting=left))


def _give_up(turn: Turn, waiting: Waiting) -> None:
    problem = next((view.problem for view in turn.state.relays if view.problem), None)
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


def close_if_due(turn: Turn) -> None:
    """Order the contact closed where rule 4 of the safety concept allows it, and only there."""
    state = turn.state
    if may_close(state) and max(state.hold_until, state.close_not_before) <= turn.now:
        turn.set(closing=turn.now, commanded_at=turn.now)
        turn.out.append(CloseContact())


def may_close(state: State) -> bool:
    """Whether nothing but time stands between the contact and its closing."""
    if state.phase not in (Phase.STARTING, Phase.TRIPPED) or state.closing is not None:
        return False
    if state.locks or state.hazards or state.flame is Flame.LIT:
        return False
    known = all(view.contact is not Contact.UNKNOWN for view in state.relays)
    return known and (state.contact is Contact.OPEN or state.phase is Phase.TRIPPED)


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
