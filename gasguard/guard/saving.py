"""One burner's record on its way to disk: ahead of a request, beside a trip, again if refused.

One write is under way and one is wanted, never a queue: an input that changes faster than the disk
writes costs neither memory nor a later request its turn.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import fields
from typing import NamedTuple

from gasguard.core.recovery import Record, Stamp
from gasguard.guard.store import Store

log = logging.getLogger(__name__)

SAVE_WITHIN = 5.0
"""Seconds a request waits for the disk before it is rejected."""
SAVE_AGAIN_AFTER = 1.0
"""Seconds from a write that the disk refused to the next try."""

Write = asyncio.Future[None]


class Outcome(NamedTuple):
    """What a request would lead to at one moment."""

    before: Record
    after: Record
    accepted: bool

    def is_in(self, record: Record) -> bool:
        """Whether `record` has all that the request would change."""
        return all(
            getattr(record, field.name) == getattr(self.after, field.name)
            for field in fields(Record)
            if getattr(self.after, field.name) != getattr(self.before, field.name)
        )


WouldBe = Callable[[Stamp], Outcome]
"""What a request that waits would lead to, on top of the present state, at the time of a stamp."""


class _Row(NamedTuple):
    """What a write writes."""

    record: Record
    stamp: Stamp


class Saving:
    """Keeps the disk at what the burner is. Lives on the event loop."""

    def __init__(
        self, name: str, store: Store, stamp: Callable[[], Stamp], present: Callable[[], Record]
    ) -> None:
        """`present` gives the record of the burner as it is now."""
        self._name, self._store, self._stamp, self._present = name, store, stamp, present
        self._on_disk: _Row | None = None
        """What the last write has brought there; None: not known."""
        self._being_written: _Row | None = None
        self._under_way: Write | None = None
        self._wanted: Write | None = None
        """The write that comes after it. What it writes is decided when it begins."""
        self._would_be: WouldBe | None = None
        """The request that waits: the next write is its."""
        self._complaint = ""
        """What was said last: a card that stays read-only is told of once."""
        self._again: asyncio.TimerHandle | None = None
        """Runs while the disk has refused."""
        self._dropped = False

    async def ahead(self, would_be: WouldBe) -> None:
        """Have what a request would lead to on disk.

        One that would not be accepted waits for no disk. Raises StoreError; then it may have been
        written, or not.
        """
        outcome = would_be(self._stamp())
        up_to_date = self._under_way is None and not self._is_behind
        if not outcome.accepted or (up_to_date and outcome.after == outcome.before):
            return
        self._would_be = would_be
        try:
            while True:
                write = self._next()
                await asyncio.wait([write])
                write.result()
                row = self._on_disk
                # Whatever else has changed meanwhile is on its way beside. To wait for that too
                # would never end where it changes faster than the disk writes.
                if row is not None:
                    outcome = would_be(row.stamp)
                    if not outcome.accepted or outcome.is_in(row.record):
                        return
        finally:
            self._would_be = None

    def beside(self) -> Write | None:
        """Have the present state on disk; the write that brings it there, None if it is there."""
        return self._next() if self._is_behind else self._under_way

    @property
    def _is_behind(self) -> bool:
        """Whether the disk, with what is on its way to it, does not hold the present state."""
        row = self._being_written or self._on_disk
        return self._wanted is not None or row is None or row.record != self._present()

    def _next(self) -> Write:
        """The write that will hold what is so when it begins, which is at once if it can."""
        if self._wanted is None:
            self._wanted = asyncio.get_running_loop().create_future()
        write = self._wanted
        if self._under_way is None:
            self._begin()
        return write

    def _begin(self) -> None:
        self._under_way, self._wanted = self._wanted, None
        record, stamp = self._present(), self._stamp()
        if self._would_be is not None and (outcome := self._would_be(stamp)).accepted:
            record = outcome.after
        self._being_written = _Row(record, stamp)
        self._store.save(self._name, record, stamp).add_done_callback(self._done)

    def _done(self, saved: Write) -> None:
        write, self._under_way = self._under_way, None
        row, self._being_written = self._being_written, None
        if write is None or saved.cancelled():
            return  # the loop ends
        error = saved.exception()
        self._on_disk = row if error is None else None
        if error is None:
            self._complaint = ""
            write.set_result(None)
        else:
            self._complain(error)
            write.set_exception(error)
            write.exception()  # nobody has to ask for it
        if self._wanted is not None:
            self._begin()

    def _complain(self, error: BaseException) -> None:
        text = f"{self._name}: state not saved, trying again: {error}"
        log.log(logging.DEBUG if text == self._complaint else logging.ERROR, "%s", text)
        self._complaint = text
        if self._again is None and not self._dropped:
            loop = asyncio.get_running_loop()
            self._again = loop.call_later(SAVE_AGAIN_AFTER, self._save_again)

    def _save_again(self) -> None:
        self._again = None
        self.beside()

    def drop(self) -> None:
        """Try no write again."""
        self._dropped = True
        if self._again is not None:
            self._again.cancel()
            self._again = None

    async def last(self, within: float) -> None:
        """Wait for what is on its way to disk, at most `within` seconds."""
        if (write := self._wanted or self._under_way) is not None:
            await asyncio.wait([write], timeout=within)
