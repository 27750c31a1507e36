"""News and answers, told in order, each behind the write of the state it speaks of."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from gasguard.clock import Instant
from gasguard.core.messages import Answer, Tell
from gasguard.core.model import State
from gasguard.health import Heartbeats

log = logging.getLogger(__name__)

TELL_WITHIN = 0.5
"""Seconds that news of a shutoff waits for the disk: a disk delays the news, never the shutoff."""

Reply = Callable[[Answer], None]
_Told = TypeVar("_Told")


@dataclass(frozen=True, slots=True)
class News:
    """What one turn changed, for observers: the state it led to, and what happened."""

    state: State
    at: Instant
    tells: tuple[Tell, ...]


@dataclass(slots=True)
class _Bulletin:
    news: News
    answers: list[tuple[Reply, Answer]] = field(default_factory=list)
    saved: "asyncio.Future[None] | None" = None
    """The write that it waits for."""
    until: float = 0.0
    """Loop time from which it waits no longer."""


class Bulletins:
    """Everything that is to be told, and who hears it."""

    def __init__(self, heartbeats: Heartbeats, beat_within: float) -> None:
        self.observers: list[Callable[[News], None]] = []
        self._heartbeats, self._beat_within = heartbeats, beat_within
        self._queue: asyncio.Queue[_Bulletin] = asyncio.Queue()

    def put(
        self,
        news: News,
        answers: list[tuple[Reply, Answer]],
        saved: "asyncio.Future[None] | None" = None,
    ) -> None:
        """Have observers told, then those who asked; at most `TELL_WITHIN` after now if unsaved."""
        until = asyncio.get_running_loop().time() + TELL_WITHIN
        self._queue.put_nowait(_Bulletin(news, answers, saved, until))

    @property
    def waiting(self) -> int:
        """How much is still to be told."""
        return self._queue.qsize()

    async def all_told(self, within: float) -> None:
        """Wait until nothing is left to tell, at most `within` seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._queue.join(), within)

    async def run(self) -> None:
        """Tell, for ever."""
        late: set[asyncio.Future[None]] = set()
        while True:
            bulletin = await self._queue.get()
            self._heartbeats.expect("news", self._beat_within)
            saved = bulletin.saved
            # A write that was late once is not waited for again, and each burner may have one: news
            # must not pile up behind them.
            late = {write for write in late if not write.done()}
            if saved is not None and saved not in late and not saved.done():
                # From its own moment on: while one waits, others do.
                left = bulletin.until - asyncio.get_running_loop().time()
                await asyncio.wait([saved], timeout=max(0.0, left))
                late.add(saved)
            for observer in self.observers:
                _safely(observer, bulletin.news)
            for reply, answer in bulletin.answers:
                _safely(reply, answer)
            self._heartbeats.forget("news")
            self._queue.task_done()


def _safely(tell: Callable[[_Told], None], told: _Told) -> None:
    """A way in that fails must not take the others, or the guard, with it."""
    try:
        tell(told)
    except Exception:
        log.exception("a way in failed while being told")
