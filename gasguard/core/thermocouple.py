"""Reads a flame out of millivolts.

A thermocouple says "hot", not "burning": after the flame has gone it reads lit until it has cooled,
10 to 60 s (safety concept, physics). That is why the circuit stays open that long after a trip, and
why only `flame_out_within` tells a hot thermocouple from a flame that burns on.
"""

from gasguard.core.deadline import Deadline
from gasguard.core.messages import FlameRead, ThermocoupleRead
from gasguard.core.model import Flame
from gasguard.core.readings import flame_read
from gasguard.core.turn import Turn

LEAST_MV, MOST_MV = -5.0, 60.0
"""mV. A healthy thermocouple gives 18 to 30 at full flame with its circuit open; noise and reversed
wires explain the rest of this range. What lies beyond it is a broken wire or another unit."""


def thermocouple_read(turn: Turn, event: ThermocoupleRead) -> None:
    """Lit above one level, out below the other; between them the flame stays what it was."""
    levels = turn.state.settings.thermocouple
    if levels is None:
        return
    if not LEAST_MV <= event.millivolts <= MOST_MV:
        # Also true of NaN. What it said before runs out by `SILENCE`.
        return
    turn.set(flame_expires=turn.now + levels.expire_after)
    if event.millivolts >= levels.lit_above:
        flame_read(turn, FlameRead(Flame.LIT))
    elif event.millivolts <= levels.out_below:
        flame_read(turn, FlameRead(Flame.OUT))


def _fall_silent(turn: Turn) -> None:
    """A thermocouple not heard for long says nothing any more."""
    turn.set(flame_expires=None)
    flame_read(turn, FlameRead(Flame.UNKNOWN))


SILENCE = Deadline(lambda state: state.flame_expires, _fall_silent)
