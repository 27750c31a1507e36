"""What a deadline is: when something is due, and what is done then. `deadlines` lists them all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from gasguard.core.model import State
from gasguard.core.turn import Turn

Item = TypeVar("Item")


class Deadline(NamedTuple):
    """Something that the passing of time brings about."""

    when: Callable[[State], float | None]
    """When it is due; None while it is not to come."""
    do: Callable[[Turn], None]
    """What is done once it is due. Must end its being due: the guard would never rest otherwise."""

    def do_if_due(self, turn: Turn) -> None:
        """Do it now, or leave it to its time."""
        if _is_due(self.when(turn.state), turn.now):
            self.do(turn)


def for_each(
    items: Callable[[State], Sequence[Item]],
    when: Callable[[State, Item], float | None],
    do: Callable[[Turn, Item], None],
) -> Deadline:
    """One deadline for several items: due with the first of them, done for all that are due."""
    each = _Each(items, when, do)
    return Deadline(each.when_first, each.do_those_due)


def in_order(deadlines: Sequence[Deadline]) -> Deadline:
    """Many deadlines as one. What one does counts for those that come after it."""
    whens = tuple(deadline.when for deadline in deadlines)

    def when_first(state: State) -> float | None:
        # As `_Each.when_first`, without a call for each: most of them are not to come.
        first = None
        for when in whens:
            moment = when(state)
            if moment is not None and (first is None or moment < first):
                first = moment
        return first

    def do_those_due(turn: Turn) -> None:
        for deadline in deadlines:
            deadline.do_if_due(turn)

    return Deadline(when_first, do_those_due)


@dataclass(frozen=True, slots=True)
class _Each(Generic[Item]):
    items: Callable[[State], Sequence[Item]]
    when: Callable[[State, Item], float | None]
    do: Callable[[Turn, Item], None]

    def when_first(self, state: State) -> float | None:
        # By hand: with `min` it takes twice as long, and it is asked after every event.
        first = None
        for item in self.items(state):
            moment = self.when(state, item)
            if moment is not None and (first is None or moment < first):
                first = moment
        return first

    def do_those_due(self, turn: Turn) -> None:
        for item in self.items(turn.state):
            if _is_due(self.when(turn.state, item), turn.now):
                self.do(turn, item)


def _is_due(moment: float | None, now: float) -> bool:
    # Only ever asked of what `when` gave. A second sum, rounded another way, would leave something
    # due that is not done.
    return moment is not None and now >= moment
