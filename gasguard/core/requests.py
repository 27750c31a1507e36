"""What people and rules ask for. A refusal says why and changes nothing."""

from dataclasses import replace
from math import inf

from gasguard.core import guards, schedule, when_lit
from gasguard.core.actions import drop_timer, leave_lockout, lock_out, trip
from gasguard.core.flame import forget_flame
from gasguard.core.messages import (
    CancelTimer,
    ChildLock,
    ExtendTimer,
    Kind,
    Off,
    Rearm,
    SetTimer,
    Shutdown,
    Status,
    Unlock,
)
from gasguard.core.model import (
    MAX_EXTEND_IDS,
    MAX_TIMER,
    REARM_LIMIT,
    REARM_WINDOW,
    Flame,
    Lock,
    Phase,
    Reason,
    Source,
    State,
    Timer,
    WhenLit,
)
from gasguard.core.turn import Turn

_MI_HOME_ENDS = (
    "a countdown set in Mi Home shuts off before that, and gasguard never lengthens one; "
    "cancel it in Mi Home"
)
_ONLY_WARNED = "no timer runs; what was warned of waits for so long"
_AND_SILENT = ", and silent since"
_LOCAL = (Source.CLI, Source.WEB)
"""Ways in that may re-arm a latched trip: whoever uses them is at the stove, or close."""


def off(turn: Turn, request: Off) -> None:
    """Nothing refuses an off."""
    turn.answer(request.ref, Status.ACCEPTED)
    trip(turn, request.reason, request.source, request.ref)


def shutdown(turn: Turn, _request: Shutdown) -> None:
    """Trip before the daemon ends, if somebody may be cooking or an opening is unfinished."""
    if turn.state.active or turn.state.opening is not None:
        trip(turn, Reason.SHUTDOWN, Source.GUARD)


def set_timer(turn: Turn, request: SetTimer) -> None:
    """Start the timer, or have it wait for the flame. It replaces the one that there is."""
    held_until = turn.state.must_end_at
    guards.touch(turn)
    if request.when_lit and not turn.state.flame_sensed:
        turn.reject(request.ref, request.source, "unsupported", when_lit.NO_SENSOR)
        return
    begins = when_lit.cause(turn.state) if request.when_lit else None
    asked = WhenLit(request.duration, request.source, request.label, outranks=request.duration)
    if request.when_lit and begins is None:
        if _let_run(turn, request, asked):
            guards.fall_back(turn, held_until)
            when_lit.tell_started(turn, asked, when_lit.WAITS)
        return
    timer = when_lit.begun(turn, asked, begins)
    if _let_run(turn, request, timer, begins and when_lit.BECAUSE[begins]):
        guards.fall_back(turn, held_until)
        guards.allow(turn, timer.deadline)
        when_lit.tell_started(turn, timer, begins)


def extend_timer(turn: Turn, request: ExtendTimer) -> None:
    """Lengthen the timer, and answer what was warned of; once for each key, until another timer is
    set."""
    state, timer = turn.state, turn.state.timer or turn.state.when_lit
    guards.touch(turn)
    counted = {*state.answer_ids, *(timer.extend_ids if timer else ())}
    if request.key is not None and request.key in counted:
        turn.answer(request.ref, Status.ACCEPTED, None, "this id was counted already")
        return
    wanted = timer and _extended(turn, timer, request)
    if guards.is_warned(state) and (wanted is None or _outlasts_mi_home(state, wanted)):
        _answer_warnings(turn, request, _MI_HOME_ENDS if wanted else _ONLY_WARNED)
    elif _let_run(turn, request, wanted):
        if guards.is_warned(state):
            guards.answer(turn, request)
        turn.tell(Kind.TIMER_EXTENDED, None, request.source, extended_s=request.duration)


def _answer_warnings(turn: Turn, request: ExtendTimer, message: str) -> None:
    refusal = _duration_refusal(request.duration)
    if refusal is not None:
        turn.reject(request.ref, request.source, *refusal)
        return
    turn.answer(request.ref, Status.ACCEPTED, None, message)
    reason = guards.answer(turn, request)
    turn.tell(Kind.TIMER_EXTENDED, reason, request.source, extended_s=request.duration)


def _extended(turn: Turn, timer: Timer | WhenLit, request: ExtendTimer) -> Timer | WhenLit:
    keys = timer.extend_ids if request.key is None else (*timer.extend_ids, request.key)
    keys = keys[-MAX_EXTEND_IDS:]
    if isinstance(timer, WhenLit):
        return replace(timer, duration=timer.duration + request.duration, extend_ids=keys)
    deadline = timer.deadline + request.duration
    return replace(
        timer,
        deadline=deadline,
        duration=timer.duration + request.duration,
        warned=timer.warned and deadline - turn.now <= turn.state.settings.prewarn,
        extend_ids=keys,
    )


def _let_run(
    turn: Turn,
    request: SetTimer | ExtendTimer,
    wanted: Timer | WhenLit | None,
    message: str | None = None,
) -> bool:
    """Accept the request and let its timer run, or reject it and say why. Returns which."""
    refusal = _timer_refusal(turn.state, request.duration, wanted)
    if refusal is not None:
        turn.reject(request.ref, request.source, *refusal)
        return False
    waits = isinstance(wanted, WhenLit)
    turn.set(timer=None if waits else wanted, when_lit=wanted if waits else None)
    if isinstance(request, SetTimer):
        turn.set(answer_ids=())
    turn.answer(request.ref, Status.ACCEPTED, None, message)
    return True


def _timer_refusal(
    state: State, duration: float, wanted: Timer | WhenLit | None
) -> tuple[str, str] | None:
    if state.phase is Phase.TRIP_FAILED:
        return "trip_failed", "the burner could not be shut off; see its state"
    if state.locks:
        return "locked_out", f"the burner is locked ({', '.join(sorted(state.locks))})"
    if wanted is None:
        return _duration_refusal(duration) or ("no_timer", _no_timer(state))
    if (refusal := _duration_refusal(duration, wanted.duration)) is not None:
        return refusal
    if _outlasts_mi_home(state, wanted):
        return "mi_home_countdown", _MI_HOME_ENDS
    return None


def _duration_refusal(duration: float, in_all: float = 0.0) -> tuple[str, str] | None:
    if not duration > 0:  # also true of NaN
        return "invalid_duration", "a duration must be positive, for example 20m"
    if max(duration, in_all) > MAX_TIMER:
        return "too_long", "a timer lasts at most 24h, extensions included"
    return None


def _no_timer(state: State) -> str:
    if (warned_of := schedule.warned_of(state)) is not None:
        return (
            "no timer runs, and an extension puts off no schedule; to skip that: gasguard schedule "
            f"{warned_of} skip"
        )
    return "no timer runs; set one first"


def _mi_home_ends(state: State) -> float:
    """When a countdown that somebody set in Mi Home opens the relay; infinity if there is none."""
    ends = (view.foreign_end for view in state.relays if view.foreign_end is not None)
    return min(ends, default=inf)


def _outlasts_mi_home(state: State, wanted: Timer | WhenLit) -> bool:
    return _mi_home_ends(state) < (wanted.deadline if isinstance(wanted, Timer) else inf)


def cancel_timer(turn: Turn, request: CancelTimer) -> None:
    """Drop the timer, and no reminder. Where none runs, what was asked for is so already."""
    timer = turn.state.timer
    if timer is not None and timer.source is Source.MI_HOME and _mi_home_ends(turn.state) < inf:
        turn.reject(request.ref, request.source, "mi_home_countdown", _MI_HOME_ENDS)
        return
    held_until = turn.state.must_end_at
    guards.touch(turn)
    guards.disallow(turn)
    drop_timer(turn, None, request.source)
    guards.fall_back(turn, held_until)
    turn.answer(request.ref, Status.ACCEPTED)


def child_lock(turn: Turn, request: ChildLock) -> None:
    """Open the contact and keep it open until unlocked."""
    state = turn.state
    if state.settings.jog:
        turn.reject(
            request.ref,
            request.source,
            "unsupported",
            "a relay in jog mode closes by itself and cannot hold a lock; switch jog (点动) off in "
            "Mi Home and remove relay.jog from the configuration",
        )
        return
    turn.answer(request.ref, Status.ACCEPTED)
    if Lock.CHILD not in state.locks:
        lock_out(turn, Lock.CHILD, request.source)


def unlock(turn: Turn, request: Unlock) -> None:
    """Remove the child lock; what else keeps the burner off stays."""
    turn.answer(request.ref, Status.ACCEPTED)
    if Lock.CHILD in turn.state.locks:
        turn.set(locks=turn.state.locks - {Lock.CHILD})
        turn.tell(Kind.UNLOCKED, Lock.CHILD, request.source)
        leave_lockout(turn)


def rearm(turn: Turn, request: Rearm) -> None:
    """End a latched trip, or the wait after an ordinary one."""
    recent = tuple(at for at in turn.state.rearmed_at if at > turn.now - REARM_WINDOW)
    refusal = _rearm_refusal(turn, request.source, recent)
    if refusal is not None:
        turn.reject(request.ref, request.source, *refusal)
        return
    turn.answer(request.ref, Status.ACCEPTED)
    if turn.state.flame is Flame.UNKNOWN:
        # Whoever is at the stove has looked.
        forget_flame(turn)
    latched = turn.state.latched
    if latched:
        turn.set(locks=turn.state.locks - latched, rearmed_at=(*recent, turn.now))
        for lock in sorted(latched):
            turn.tell(Kind.UNLOCKED, lock, request.source)
    turn.set(hold_until=turn.now)
    leave_lockout(turn)


def _rearm_refusal(turn: Turn, source: Source, recent: tuple[float, ...]) -> tuple[str, str] | None:
    state = turn.state
    latched = state.latched
    unsure = state.flame_seen and state.flame is Flame.UNKNOWN
    looked_at = unsure and state.opening is None
    if state.phase is Phase.TRIP_FAILED and not looked_at:
        return "trip_failed", "the burner could not be shut off; mend that first, see its state"
    if unsure and source not in _LOCAL:
        return (
            "flame_lit",
            "the flame was lit and its sensor does not say that it is out; re-arm at the Pi, once "
            "you have looked (gasguard rearm BURNER -c FILE)",
        )
    if latched and source not in _LOCAL and not state.settings.allow_remote_rearm:
        return (
            "remote_rearm",
            "a latched trip is re-armed at the Pi (gasguard rearm BURNER -c FILE); from afar only "
            "with allow_remote_rearm: true",
        )
    if state.hazards:
        return "hazard", f"{_still_reporting(state)} still reports"
    if latched and len(recent) >= REARM_LIMIT:
        minutes = max(1, round((recent[0] + REARM_WINDOW - turn.now) / 60))
        return "rearm_limit", f"re-armed {REARM_LIMIT} times in 15 min; again in {minutes} min"
    if (
        state.flame is Flame.LIT
        and state.settings.flame_measured
        and state.phase is not Phase.READY
    ):
        return "flame_lit", "the flame still reads lit"
    if not latched and Lock.CHILD in state.locks:
        return "child_lock", "the child lock is on; unlock it"
    if not latched and state.locks:
        return "schedule", schedule.why_locked(state)
    if not latched and state.phase is not Phase.TRIPPED:
        return "not_tripped", f"nothing to re-arm: the burner is {state.phase}"
    return None


def _still_reporting(state: State) -> str:
    return ", ".join(
        f"{view.sensor.name} ({view.sensor.kind}{_AND_SILENT if view.hearing.silent else ''})"
        for view in state.hazard_views
        if view.reports
    )
