"""What the flame sensor says, what it does not say, and what may rest on either.

Lit counts at once. Out counts once it has lasted: a sensor that bounces, or reads out for one
sample, must neither let a contact close over a flame nor begin the longest burn anew. Unknown says
nothing: after a flame was seen, only out leads on.
"""

from dataclasses import replace
from functools import partial

from gasguard.core.actions import fail_trip, latch, take_back_closing
from gasguard.core.deadline import Deadline
from gasguard.core.hearing import falls_silent_at, judged, spoke
from gasguard.core.messages import FLAME, FlameRead, Kind, OpenContact
from gasguard.core.model import (
    CAN_BURN,
    OUT_LASTS,
    OUT_SETTLES,
    Contact,
    Flame,
    Hearing,
    Lock,
    Phase,
    State,
)
from gasguard.core.turn import Turn

_BURNS_ON = "the contact is open but the flame burns on: turn the stove off by hand"
_NOT_SEEN_OUT = (
    "the contact is open but no sensor says that the flame is out: look at it, turn the stove off "
    "by hand, then re-arm it at the Pi"
)

# --- its words ------------------------------------------------------------------------------------


def flame_read(turn: Turn, event: FlameRead) -> None:
    """The sensor's own word. One that a broker has kept may begin a flame, never end one."""
    if not turn.state.flame_sensed:
        return
    if event.stored:
        if event.flame is Flame.LIT:
            _lit(turn)
            if turn.state.flame_hearing.silent:
                # It may burn, but that is no word which would ever run out.
                turn.set(flame=Flame.UNKNOWN)
        return
    _hear(turn, spoke(turn.state.flame_hearing, turn.now))
    if event.flame is Flame.LIT:
        # Seen at last: who lit it a moment ago is not shut off for the time before.
        turn.set(unseen_since=None)
        _lit(turn)
    elif event.flame is Flame.OUT:
        _out(turn)


def flame_garbled(turn: Turn, why: str) -> None:
    """The sensor has said what nobody understands: neither lit nor out holds any more."""
    _hear(turn, spoke(turn.state.flame_hearing, turn.now, why))


def flame_reachable(turn: Turn, reachable: bool) -> None:
    """Others say whether the sensor can be heard. That is no word of its own."""
    _hear(turn, replace(turn.state.flame_hearing, reachable=reachable))


def _hear(turn: Turn, hearing: Hearing) -> None:
    expire_after = turn.state.settings.flame_expires_after
    if expire_after is None:
        return
    hearing = judged(turn, hearing, expire_after, partial(_tell, turn))
    turn.set(flame_hearing=hearing)
    if hearing.silent:
        turn.set(flame=Flame.UNKNOWN, out_since=None)


def _tell(turn: Turn, kind: Kind, why: str | None) -> None:
    if why is None:
        turn.tell(kind, sensor=FLAME)
        return
    settings = turn.state.settings
    limited = settings.max_burn is not None and settings.flame_trusted
    counts = "; max_burn counts on as if it burnt" if limited else ""
    message = f"the flame sensor {why}: nobody knows whether it burns{counts}; look after it"
    turn.tell(kind, sensor=FLAME, message=message)


def _falls_silent_at(state: State) -> float | None:
    expire_after = state.settings.flame_expires_after
    return None if expire_after is None else falls_silent_at(state.flame_hearing, expire_after)


SILENCE = Deadline(_falls_silent_at, lambda turn: _hear(turn, turn.state.flame_hearing))
"""A sensor not heard for long says nothing any more."""

# --- lit and out ----------------------------------------------------------------------------------


def _lit(turn: Turn) -> None:
    state = turn.state
    measured, since = state.settings.flame_measured, state.burning_since
    if since is None and (measured or state.phase in CAN_BURN):
        # What is inferred from heat is a burn again where it may burn again.
        since = turn.now
    elif measured and _was_out_of_sight(state):
        since = turn.now
    if state.flame is Flame.LIT:
        if not measured:
            turn.set(burning_since=since)
        return
    turn.set(flame=Flame.LIT, out_since=None, burning_since=since)
    if measured:
        # A hot pan, in contrast, shows neither that it may not be closed nor that it burns on.
        _lit_for_certain(turn)
    turn.tell(Kind.FLAME_LIT)


def _was_out_of_sight(state: State) -> bool:
    """Whether nobody saw what happened behind a trip whose contact may have closed again since.

    What is lit now is the old flame or another one, and another one burns no longer than any.
    """
    began, last = state.burning_since, state.last_trip
    if state.flame is not Flame.UNKNOWN or state.contact is Contact.OPEN:
        return False
    return began is not None and last is not None and began < last.began and may_have_closed(state)


def may_have_closed(state: State) -> bool:
    """Whether a contact that nobody has ordered closed may be so, and nothing opens it."""
    if state.settings.jog and state.phase is Phase.TRIPPED:
        return True  # it closes by itself
    # Not read for long is not open, as for a timer.
    return state.contact is Contact.UNKNOWN and state.opening is None


def _lit_for_certain(turn: Turn) -> None:
    if turn.state.closing is not None:
        take_back_closing(turn)
    deadline = turn.state.flame_deadline
    if deadline is None and turn.state.phase in (Phase.TRIPPED, Phase.LOCKED_OUT):
        deadline = turn.now + turn.state.settings.flame_out_within
    turn.set(flame_seen=True, flame_deadline=deadline)


def _out(turn: Turn) -> None:
    if turn.state.flame is not Flame.OUT:
        turn.set(flame=Flame.OUT, out_since=turn.now)
        turn.tell(Kind.FLAME_OUT)


def _settles_at(state: State) -> float | None:
    """When "out" counts; None while it does already, or does not last."""
    if state.out_since is None or not state.flame_seen:
        return None
    return state.out_since + OUT_SETTLES


def forget_flame(turn: Turn) -> None:
    """It is certain that it does not burn: its sensor says so, or somebody who has looked."""
    burnt_on = turn.state.burns_on
    turn.set(flame_seen=False, flame_deadline=None, burns_on=False)
    if _has_dropped(turn.state):
        # What is lit next is another burn.
        turn.set(burning_since=None)
    if burnt_on and turn.state.opening is None:
        turn.set(phase=Phase.LOCKED_OUT)


def _has_dropped(state: State) -> bool:
    """Whether the contact was open since that burn began, so that the magnet has let go."""
    if not state.settings.jog:
        return state.phase not in CAN_BURN
    # It has closed again by itself: only what burnt before the last trip is over for certain.
    began, last = state.burning_since, state.last_trip
    return began is not None and last is not None and last.confirmed and began < last.began


SETTLING = Deadline(_settles_at, forget_flame)
"""It is out: what waited for that may go on."""


# --- the longest burn -----------------------------------------------------------------------------


def count_unseen(turn: Turn) -> None:
    """From here on the burner may burn and nobody would see it: the longest burn counts."""
    state = turn.state
    limited = state.settings.max_burn is not None and state.settings.flame_trusted
    if not limited or state.unseen_since is not None:
        return
    if state.flame is Flame.UNKNOWN and state.phase in CAN_BURN and state.flame_sensed:
        turn.set(unseen_since=turn.now)


def _burn_is_over_at(state: State) -> float | None:
    burns = state.burning_since is not None or state.unseen_since is not None
    return state.out_since + OUT_LASTS if burns and state.out_since is not None else None


def _end_burn(turn: Turn) -> None:
    turn.set(burning_since=None, unseen_since=None)


OUT_FOR_LONG = Deadline(_burn_is_over_at, _end_burn)
"""Whatever is lit now is another burn."""

# --- a flame that burns on ------------------------------------------------------------------------


def is_held_open(state: State) -> bool:
    """Whether the contact was read open and nobody has ordered it closed since."""
    return state.phase in (Phase.TRIPPED, Phase.LOCKED_OUT) and state.closing is None


def _burns_on_at(state: State) -> float | None:
    """When what was seen lit, and is not seen out, can be no thermocouple that is still hot."""
    waits = is_held_open(state) and state.flame is not Flame.OUT
    return state.flame_deadline if waits else None


def _fail_burning_on(turn: Turn) -> None:
    turn.set(burns_on=True)
    if Lock.STUCK not in turn.state.locks:
        latch(turn, Lock.STUCK)
    fail_trip(turn, _BURNS_ON if turn.state.flame is Flame.LIT else _NOT_SEEN_OUT)
    turn.out.append(OpenContact())


BURNS_ON = Deadline(_burns_on_at, _fail_burning_on)
