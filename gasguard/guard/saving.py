"""One burner's record on its way to disk: ahead of a request, beside a trip, again if refused."""

import asyncio
import logging
from collections.abc import Callable

from gasguard.core.recovery import Record, Stamp
from gasguard.guard.store import Store

log = logging.getLogger(__name__)

SAVE_WITHIN = 5.0
"""Seconds a request waits for the disk before it is rejected."""
SAVE_AGAIN_AFTER = 1.0
"""Seconds from a write that the disk refused to the next try."""

Write = asyncio.Future[None]


class Saving:
    """Keeps the disk at what the burner is. Lives on the event loop."""

    def __init__(
        self, name: str, store: Store, stamp: Callable[[], Stamp], present: Callable[[], Record]
    ) -> None:
        """`present` gives the record of the burner as it is now."""
        self._name, self._store, self._stamp, self._present = name, store, stamp, present
        self._on_disk: Record | None = None
        """What the disk holds, or will once the writes under way are done; None: not known."""
        self.under_way: Write | None = None
        self._complaint = ""
        """What was said last: a card that stays read-only is told of once."""
        self._again: asyncio.TimerHandle | None = None
        """Runs while the disk has refused: one for all writes that failed."""
        self._dropped = False

    async def ahead(self, would_be: Callable[[], tuple[Record, bool]]) -> None:
        """Write what a request would lead to, until nothing else changed meanwhile.

        `would_be` gives that record, and whether the request would be accepted: one that would not
        waits for no disk. Raises StoreError; then what the disk holds is not known.
        """
        try:
            while True:
                before = self._present()
                record, accepted = would_be()
                on_disk = record == self._on_disk and self.under_way is None
                if record == before and (on_disk or not accepted):
                    return
                self._on_disk = record
                await self._store.save(self._name, record, self._stamp())
                if self._present() == before:
                    return
        except BaseException:
            # Refused, too late, or the guard ends: it may have been written, or not.
            self._on_disk = None
            raise

    def beside(self) -> Write | None:
        """Start to write the present state, if the disk holds another; nobody waits for it."""
        record = self._present()
        if record == self._on_disk:
            return self.under_way
        self._on_disk = record
        write = self._store.save(self._name, record, self._stamp())
        self.under_way = write
        write.add_done_callback(self._done)
        return write

    def _done(self, write: Write) -> None:
        if self.under_way is write:
            self.under_way = None
        if write.cancelled():
            return
        error = write.exception()
        if error is None:
            self._complaint = ""
        else:
            text = f"{self._name}: state not saved, trying again: {error}"
            log.log(logging.DEBUG if text == self._complaint else logging.ERROR, "%s", text)
            self._complaint = text
            self._on_disk = None
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
