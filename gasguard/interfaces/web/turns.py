"""Guesses at the password are slowed for all, and nobody is locked out.

One at a time, with a pause that grows with every wrong one. Addresses come round in turn, and which
guess of an address comes is drawn: whoever sends them by the hundred from one address only waits on
himself.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from random import Random

from gasguard.errors import GasguardError

log = logging.getLogger(__name__)

MOST_WAITING = 32
"""One more, and one of those from the busiest address is sent away, from the newest of several."""
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 1.0
"""Seconds after the first wrong guess, doubled by each, up to this: 80 000 guesses a day."""
FORGOTTEN_AFTER = 600.0
"""Seconds without a wrong guess."""
AGAIN_AFTER = 10
"""Seconds after which whoever was sent away may well find room."""
_TOLD_AT = 5
"""Wrong guesses in a row, of which the log is told once: no family mistypes so often."""


class TooMany(GasguardError):
    """Too many wait: this one was sent away. It was not a wrong guess."""


class Turn:
    """One guess, wrong until it is said to be right."""

    def __init__(self) -> None:
        self.right = False


class Turns:
    """The queue."""

    def __init__(self, luck: Random) -> None:
        self._luck = luck
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}  # in the order of their turns
        self._taken = False
        self._timer: asyncio.TimerHandle | None = None
        self._wrong = 0
        self._last_wrong = self._free_at = float("-inf")

    @contextlib.asynccontextmanager
    async def turn(self, address: str) -> AsyncIterator[Turn]:
        """Wait for one's turn, which lasts as long as the block. Raises TooMany."""
        await self._drawn(address)
        turn = Turn()
        try:
            yield turn
        finally:
            self._count(turn.right, address)
            self._leave()

    async def _drawn(self, address: str) -> None:
        loop = asyncio.get_running_loop()
        mine: asyncio.Future[None] = loop.create_future()
        self._waiting.setdefault(address, []).append(mine)
        if sum(map(len, self._waiting.values())) > MOST_WAITING:
            self._send_one_away()
        self._arm()
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._leave()
            raise

    def _send_one_away(self) -> None:
        newest_first = reversed(self._waiting)
        busiest = max(newest_first, key=lambda address: len(self._waiting[address]))
        gone = self._take_from(busiest)
        if not gone.done():
            gone.set_exception(TooMany("too many are guessing at the password"))

    def _arm(self) -> None:
        if self._taken or self._timer is not None or not self._waiting:
            return
        loop = asyncio.get_running_loop()
        self._timer = loop.call_at(max(loop.time(), self._free_at), self._draw)

    def _draw(self) -> None:
        self._timer = None
        while self._waiting and not self._taken:
            address = next(iter(self._waiting))
            next_one = self._take_from(address)
            if address in self._waiting:
                self._waiting[address] = self._waiting.pop(address)
            if not next_one.done():
                self._taken = True
                next_one.set_result(None)

    def _take_from(self, address: str) -> "asyncio.Future[None]":
        those = self._waiting[address]
        taken = those.pop(self._luck.randrange(len(those)))
        if not those:
            del self._waiting[address]
        return taken

    def _count(self, right: bool, address: str) -> None:
        now = asyncio.get_running_loop().time()
        if right or now - self._last_wrong > FORGOTTEN_AFTER:
            self._wrong = 0
        if not right:
            self._wrong += 1
            self._last_wrong = now
            if self._wrong == _TOLD_AT:
                log.warning("somebody guesses at the password, at last from %s", address)
            pause = FIRST_PAUSE * 2 ** min(self._wrong - 1, 10)
            self._free_at = now + min(pause, LONGEST_PAUSE)

    def _leave(self) -> None:
        self._taken = False
        self._arm()
