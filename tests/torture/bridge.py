"""Two brokers with a bridge between them: the guard is on one, the devices are on the other.

At QoS 1 a bridge loses nothing: what it could not pass on comes later, what was not acknowledged
when it broke comes again, and what is kept on one side is a message like any other on the other.
"""

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

RETURNS_AFTER = 1.0
"""Seconds that a bridge, or a client, is away at least: longer than any question is open."""
_IN_FLIGHT = 20
"""Messages that may be unacknowledged at a time: mosquitto's max_inflight_messages."""
_MOST_WAITING = 1000


class Lane(Generic[T]):
    """What goes one way over the bridge at QoS 1, while it is there and while it is not."""

    def __init__(self) -> None:
        self._passed: deque[tuple[float, T]] = deque(maxlen=_IN_FLIGHT)
        self._again: list[T] = []
        self._waiting: list[tuple[float, T]] = []

    def passed(self, now: float, message: T) -> None:
        """It went over; whether its acknowledgement will come back is open."""
        self._passed.append((now, message))

    def break_off(self, since: float) -> None:
        """The bridge breaks; of what it has passed on from `since` on it has no acknowledgement."""
        self._again = [message for at, message in self._passed if at >= since]
        self._passed.clear()

    def wait(self, until: float, message: T) -> None:
        """It came while the bridge was away, and is kept for it."""
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.append((until, message))

    def rejoin(self, now: float, send: Callable[[T], None]) -> None:
        """The bridge is back: in the order in which all came."""
        for message in self._again:
            send(message)
        for until, message in self._waiting:
            if now < until:
                send(message)
        self.forget()

    def forget(self) -> None:
        """Its broker has restarted."""
        self._passed.clear()
        self._again.clear()
        self._waiting.clear()
