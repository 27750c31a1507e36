"""Whether a sensor can be heard and understood: one rule for all of them.

A sensor is silent when it has said nothing for its `expire_after`, when others say that it is
offline, or when its last word is not understood. That is told once, and so is its end. It trips
nothing, and what the sensor said before looks no safer for it.
"""

from collections.abc import Callable
from dataclasses import replace

from gasguard.core.messages import Kind
from gasguard.core.model import Hearing
from gasguard.core.turn import Turn

EXPIRED = "has said nothing for longer than its expire_after"
STILL = "could not be heard or understood before the restart, and has said nothing since"
_UNREACHABLE = "cannot be heard: it, or the broker, is offline"


def spoke(hearing: Hearing, now: float, garbled: str | None = None) -> Hearing:
    """It has said something itself: a word that is understood, or `garbled` says why not."""
    return replace(hearing, heard_at=now, reachable=True, garbled=garbled)


def expires_at(hearing: Hearing, expire_after: float) -> float:
    """When what it said last is worth nothing any more."""
    heard_at = hearing.since if hearing.heard_at is None else hearing.heard_at
    return heard_at + expire_after


def falls_silent_at(hearing: Hearing, expire_after: float) -> float | None:
    """When its silence is to be told; None once it was."""
    return None if hearing.silent else expires_at(hearing, expire_after)


def _wrong_with(hearing: Hearing, expire_after: float, now: float) -> str | None:
    if not hearing.reachable:
        return _UNREACHABLE
    if now >= expires_at(hearing, expire_after):
        return STILL if hearing.heard_at is None and hearing.wrong == STILL else EXPIRED
    return hearing.garbled


def judged(
    turn: Turn, hearing: Hearing, expire_after: float, tell: Callable[[Kind, str | None], None]
) -> Hearing:
    """The hearing once what is new about it is told. `tell` gets why, if there is a why."""
    why = _wrong_with(hearing, expire_after, turn.now)
    if why is None and hearing.silent:
        tell(Kind.SENSOR_RECOVERED, None)
    elif why is not None and not hearing.silent:
        tell(Kind.SENSOR_SILENT, why)
    return replace(hearing, wrong=why)
