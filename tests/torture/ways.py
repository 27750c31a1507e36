"""One direction of a connection: what is sent arrives late and in order, as over TCP."""

import asyncio
from collections import deque
from collections.abc import Callable

_APART = 1e-6
"""Seconds between two messages on one way: timers of one moment would go off in any order."""


class Way:
    """Nothing is lost on it; while it stalls, what has come so far waits at its end."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._last = loop, float("-inf")
        self._on_the_way: deque[Callable[[], None]] = deque()
        self._waiting: deque[Callable[[], None]] = deque()
        self.stalls = False

    def send(self, delay: float, arrive: Callable[[], None]) -> None:
        """Call `arrive` after `delay` seconds, and after all that was sent before."""
        self._last = max(self._loop.time() + delay, self._last + _APART)
        self._on_the_way.append(arrive)
        self._loop.call_at(self._last, self._arrived)

    def go_on(self) -> None:
        """It stalls no more: what has waited arrives at once."""
        self.stalls = False
        waiting, self._waiting = self._waiting, deque()
        for arrive in waiting:
            arrive()

    def _arrived(self) -> None:
        arrive = self._on_the_way.popleft()
        if self.stalls:
            self._waiting.append(arrive)
        else:
            arrive()
