"""A cooking timer that waits for the flame, and begins with it.

It waits while the burner is known not to burn. Where nobody can say that, it begins: a sensor that
has fallen silent must not keep a timer from ever ending.
"""

from math import inf

from gasguard.core.deadline import for_each
from gasguard.core.messages import Kind
from gasguard.core.model import CAN_BURN, Flame, State, Timer, WhenLit
from gasguard.core.turn import Turn

NO_SENSOR = (
    "only a burner whose flame is sensed has timers that begin when it is lit; set one that begins "
    "now, or configure flame: for this burner"
)
WAITS, SEEN, UNSEEN = "when_lit", "flame_lit", "flame_unseen"
"""Why a timer that was set so waits, or begins."""
BECAUSE = {
    SEEN: "the flame is lit: it runs from now on",
    UNSEEN: "nobody can say that the flame is out, so it runs from now on; look after the sensor",
}


def cause(state: State) -> str | None:
    """`SEEN` or `UNSEEN`, if the burner burns or may; None while a timer is to wait."""
    # Behind an open contact it is a thermocouple that has yet to cool.
    if state.phase not in CAN_BURN and not state.settings.jog:
        return None
    if state.flame is Flame.LIT:
        return SEEN
    return UNSEEN if state.flame_hearing.silent or not state.flame_sensed else None


def begun(turn: Turn, waits: WhenLit, reason: str | None) -> Timer:
    """The timer that begins now. Where nobody sees what burns it outranks no longest burn."""
    return Timer(
        turn.now + waits.duration,
        waits.duration,
        waits.source,
        waits.label,
        extend_ids=waits.extend_ids,
        outranks_until=None if reason == UNSEEN else turn.now + waits.outranks,
    )


def tell_started(turn: Turn, timer: Timer | WhenLit, reason: str | None) -> None:
    """Say that a timer runs, or waits; `reason` is why, if it was set to wait."""
    turn.tell(
        Kind.TIMER_STARTED,
        reason,
        timer.source,
        duration_s=timer.duration,
        label=timer.label,
        waiting=True if isinstance(timer, WhenLit) else None,
        message=BECAUSE[UNSEEN] if reason == UNSEEN else None,
    )


def _waiting(state: State) -> tuple[WhenLit, ...]:
    return () if state.when_lit is None else (state.when_lit,)


def _begins_at(state: State, _waits: WhenLit) -> float | None:
    return None if cause(state) is None else -inf


def _begin(turn: Turn, waits: WhenLit) -> None:
    reason = cause(turn.state)
    timer = begun(turn, waits, reason)
    turn.set(timer=timer, when_lit=None)
    tell_started(turn, timer, reason)


BEGINNING = for_each(_waiting, _begins_at, _begin)
"""Due at once, whatever event shows the flame. It stands in the table for the silence of a sensor,
which only time shows."""
