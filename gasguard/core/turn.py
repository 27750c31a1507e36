"""One turn of `step`: the state being changed and the commands it gives rise to."""

from dataclasses import fields
from typing import TypeVar

from gasguard.core.instant import Instant
from gasguard.core.messages import Answer, Command, Kind, Status, Tell
from gasguard.core.model import RelayView, Source, State

_Known = TypeVar("_Known", State, RelayView)
_FIELDS = {kind: frozenset(field.name for field in fields(kind)) for kind in (State, RelayView)}


def changed(known: _Known, **changes: object) -> _Known:
    """A copy with other values in some fields. Raises KeyError for what is no field.

    `dataclasses.replace` does the same in four times the time, and every event comes by here.
    """
    if unknown := changes.keys() - _FIELDS[type(known)]:
        raise KeyError(*unknown)
    copy = object.__new__(type(known))
    copy.__dict__.update(known.__dict__, **changes)
    return copy


class Turn:
    """Collects what one event changes; lives no longer than one call of `step`."""

    __slots__ = ("now", "out", "state", "wall")

    def __init__(self, state: State, now: Instant) -> None:
        self.state = state
        self.now = now.boot
        self.wall = now.wall
        self.out: list[Command] = []

    def set(self, **changes: object) -> None:
        """Replace fields of the state."""
        self.state = changed(self.state, **changes)

    def set_relay(self, index: int, view: RelayView) -> None:
        """Replace what is known of one relay."""
        views = self.state.relays
        self.set(relays=(*views[:index], view, *views[index + 1 :]))

    def tell(
        self,
        kind: Kind,
        reason: str | None = None,
        source: Source | None = None,
        **details: str | float | bool | None,
    ) -> None:
        """Let observers and the journal know; details that are None are left out."""
        known = {key: value for key, value in details.items() if value is not None}
        self.out.append(Tell(kind, reason, source, known))

    def answer(
        self, ref: int, status: Status, code: str | None = None, message: str | None = None
    ) -> None:
        """Acknowledge a request, if it wants that."""
        if ref:
            self.out.append(Answer(ref, status, code, message))

    def reject(self, ref: int, source: Source, code: str, message: str) -> None:
        """Refuse a request; the state stays as it is."""
        self.answer(ref, Status.REJECTED, code, message)
        self.tell(Kind.COMMAND_REJECTED, code, source, code=code, message=message)
