"""A sensor's words in order: what is worse than before counts at once, what is better later.

A second after the worse was last said, so that a contact that bounces is one word, not a hundred.
"""

import asyncio
from collections.abc import Callable

BETTER_AFTER = 1.0
"""Seconds since the last worse word before a better one counts."""
CLEAR, GARBLED, DANGER = range(3)
"""From the best word to the worst."""


class Steady:
    """Lets what is worse pass at once, and what is better once it has lasted."""

    def __init__(self) -> None:
        self._badness = CLEAR
        self._said_at = float("-inf")
        """When what passed last was said for the last time."""
        self._waiting: asyncio.TimerHandle | None = None

    def say(self, badness: int, tell: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        self.stop()
        after = self._said_at + BETTER_AFTER - loop.time()
        if badness < self._badness and after > 0:
            self._waiting = loop.call_later(after, self._pass, badness, tell)
        else:
            self._pass(badness, tell)

    def _pass(self, badness: int, tell: Callable[[], None]) -> None:
        self._badness, self._said_at = badness, asyncio.get_running_loop().time()
        tell()

    def stop(self) -> None:
        """What waits to pass does not."""
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
