"""What a hood needs to know of the kitchen: how many burners are lit, and whether gas is about."""

from collections.abc import Iterable
from dataclasses import dataclass

from gasguard.core.model import Contact, Flame, Lock, State


@dataclass(frozen=True, slots=True)
class Kitchen:
    """All burners at one moment."""

    lit: int = 0
    """Burners that are lit."""
    unseen: int = 0
    """Burners that were lit when their sensor fell silent."""
    gas: bool = False
    """A gas alarm reports, or has latched and nobody has re-armed yet."""

    @property
    def burning(self) -> int:
        """Burners that are lit as far as anybody knows."""
        return self.lit + self.unseen


def kitchen_of(states: Iterable[State]) -> Kitchen:
    """The burners' states as a hood sees them.

    Gas alone keeps a switch from moving: a gas alarm warns of a mixture that a spark can light. Of
    carbon monoxide there is far too little for that at an alarm, and air is what helps.
    """
    known = list(states)
    return Kitchen(
        lit=sum(map(_is_lit, known)),
        unseen=sum(map(_may_be_lit, known)),
        gas=any(Lock.GAS_ALARM in state.locks | state.hazards for state in known),
    )


def _is_lit(state: State) -> bool:
    """Its flame says so. Where no sensor sees one, a timer does that runs on a circuit which is not
    open: somebody cooks there."""
    if state.flame_sensed:
        return state.flame is Flame.LIT
    return state.timer is not None and state.contact is not Contact.OPEN


def _may_be_lit(state: State) -> bool:
    """It burnt, nobody says that it does not any more, and its circuit would let it."""
    silent = state.flame_sensed and state.flame is Flame.UNKNOWN
    return silent and state.burning_since is not None and state.contact is not Contact.OPEN
