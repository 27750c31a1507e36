"""What must outlive the daemon, under one folder, and the journal of what happened.

One thread does all writing, in order. Guard state is fsynced before its future resolves.
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from gasguard.core.recovery import Record, Stamp
from gasguard.errors import StoreError
from gasguard.guard import burns, journal, records
from gasguard.guard.database import (
    UNREADABLE,
    Unwritable,
    is_after_damage,
    only_read,
    open_or_create,
    recall,
    reopen,
)

log = logging.getLogger(__name__)

_T = TypeVar("_T")

FILE_NAME = "guard.db"
STARTED, STOPPED = journal.STARTED, journal.STOPPED
"""Types of event that nobody is told of: the guard's own life."""
KEPT_FOR = journal.KEPT_FOR
"""Seconds after which events and burns are deleted."""
_PIECE = 250
"""Rows read or deleted in one go, about a millisecond: all that a burner's state may wait for."""


class Store:
    """The durable state under one folder. Open it with `Store.open`."""

    def __init__(self, file: sqlite3.Connection | Unwritable, executor: Executor) -> None:
        self._file, self._executor = file, executor
        self._rows = journal.Rows()
        self._reading = asyncio.Lock()
        self.damaged = file.damaged if isinstance(file, Unwritable) else is_after_damage(file)
        """An earlier file could not be read and was set aside: a burner of which this one holds no
        record may have had a latch in that."""

    @classmethod
    def open(cls, folder: Path, executor: Executor | None = None) -> "Store":
        """Open or create the store in `folder`. `executor` must run one call at a time, in order.

        A damaged file is set aside under a new name. One that can be read but not written, or a
        card that has become read-only, gives a store that knows what was saved last, refuses every
        write, and tries again at each. Raises StoreError when the folder is unusable.
        """
        return cls(open_or_create(folder / FILE_NAME), executor or ThreadPoolExecutor(1, "store"))

    @property
    def trouble(self) -> str:
        """What is wrong with it, in words for people."""
        return self._file.trouble if isinstance(self._file, Unwritable) else self._rows.trouble

    def load(self) -> records.Saved:
        """Every burner's last saved record."""
        file = self._file
        return file.saved if isinstance(file, Unwritable) else records.load(file)

    @property
    def _db(self) -> sqlite3.Connection:
        """For the store's thread. Raises StoreError while nothing can be written."""
        file = self._file
        if not isinstance(file, Unwritable):
            return file
        try:
            self._file = opened = reopen(file)
        except (OSError, *UNREADABLE):
            raise StoreError(file.trouble) from None
        log.warning("the state can be written again")
        return opened

    def save(self, burner: str, record: Record, stamp: Stamp) -> "asyncio.Future[None]":
        """Write one burner's record; the future resolves once it is fsynced.

        The future raises StoreError when the disk refuses.
        """
        return self._run(lambda: records.save(self._db, burner, record, stamp))

    def recall(self) -> dict[str, str]:
        """What was last given to `remember`."""
        file = self._file
        return file.memory if isinstance(file, Unwritable) else recall(file)

    def remember(self, name: str, value: str) -> "asyncio.Future[None]":
        """Keep a text by its name; the future resolves once it is fsynced.

        The future raises StoreError when the disk refuses.
        """

        def write() -> None:
            with self._db as db:
                db.execute("INSERT OR REPLACE INTO memory VALUES (?, ?)", (name, value))

        return self._run(write)

    def note(self, at: float, burner: str, event: dict[str, Any]) -> None:
        """Put an event on the journal; `flush` writes it. `at` is Unix time."""
        self._rows.put(at, burner, event)

    @property
    def has_rows(self) -> bool:
        """Whether journal rows wait to be written."""
        return bool(self._rows)

    def flush(self) -> "asyncio.Future[None]":
        """Write the journal rows that wait. A failure is logged, never raised."""
        return self._run(lambda: self._rows.flush(lambda: self._db))

    async def history(
        self, burner: str | None, since: float, limit: int = 1000, *, life: bool = False
    ) -> list[str]:
        """Events since Unix time `since` as JSON, newest last. Raises StoreError.

        `life`: also those that say when the guard started and stopped.
        """
        asked = journal.Asked(burner, since, life)
        found: list[str] = []
        # One question at a time, in pieces: what a hundred people ask must not stand before a
        # burner's state.
        async with self._reading:
            await self.flush()
            from_seq = await self._run(lambda: journal.first(self._db, since))
            before, more = journal.END, True
            while more and len(found) < limit:
                most = min(_PIECE, limit - len(found))
                piece = await self._run(partial(self._find, asked, from_seq, before, most))
                found += (row.event for row in piece)
                more = len(piece) == most
                before = piece[-1].seq if piece else before
        return found[::-1]

    def _find(
        self, asked: journal.Asked, from_seq: int, before: int, most: int
    ) -> list[journal.Found]:
        return journal.find(self._db, asked, from_seq, before, most)

    def began(
        self, at: float, names: Sequence[str], started: dict[str, Any]
    ) -> "asyncio.Future[None]":
        """Note at Unix time `at` that the guard has started; as of `journal.begin`."""
        return self._run(lambda: journal.begin(self._db, at, names, started))

    # --- burns --------------------------------------------------------------------------------

    def counted(self) -> "asyncio.Future[burns.Kept]":
        """What was counted up to this start; to be asked for once. The future raises StoreError."""
        return self._run(lambda: burns.begin(self._db))

    def count(
        self, new: Sequence[burns.Burn], totals: Sequence[burns.Total]
    ) -> "asyncio.Future[None]":
        """Write burns and totals; the future resolves once they are fsynced, or StoreError."""
        return self._run(lambda: burns.save(self._db, new, totals))

    async def burnt(self, burner: str | None, since: float) -> list[burns.Burn]:
        """Burns that ended since Unix time `since`, oldest first. Raises StoreError."""
        found: list[burns.Burn] = []
        async with self._reading:
            more = True
            while more:
                after = found[-1].id if found else 0
                piece = await self._run(partial(self._find_burns, burner, since, after))
                found += piece
                more = len(piece) == _PIECE
        return found

    def _find_burns(self, burner: str | None, since: float, after: int) -> list[burns.Burn]:
        return burns.find(self._db, burner, since, after, _PIECE)

    # --- age ----------------------------------------------------------------------------------

    async def prune(self, now: float) -> None:
        """Delete what is older than `KEPT_FOR`, at Unix time `now`. Raises StoreError."""
        before = now - KEPT_FOR
        for delete in (journal.prune, burns.prune):
            while await self._run(partial(self._prune, delete, before)):
                pass

    def _prune(
        self, delete: Callable[[sqlite3.Connection, float, int], bool], before: float
    ) -> bool:
        return delete(self._db, before, _PIECE)

    def _run(self, work: Callable[[], _T]) -> "asyncio.Future[_T]":
        def guarded() -> _T:
            try:
                return work()
            except sqlite3.Error as error:
                raise StoreError(f"the disk refused: {error}") from None
            except StoreError:
                raise
            except Exception as error:
                log.exception("the store failed")
                raise StoreError(f"the store failed: {error!r}") from None

        return asyncio.get_running_loop().run_in_executor(self._executor, guarded)

    async def aclose(self) -> None:
        """Write what waits and close the file."""
        with contextlib.suppress(StoreError):
            await self.flush()
            await self._run(lambda: self._db.close())
        self._executor.shutdown(wait=False)


def read_records(folder: Path) -> dict[str, Record]:
    """Every burner's last saved record, for somebody who changes nothing.

    Raises StoreError when there is none, or it cannot be read.
    """
    path = folder / FILE_NAME
    try:
        with only_read(path) as db:
            return {name: record for name, (record, _) in records.load(db).items()}
    except UNREADABLE as error:
        raise StoreError(f"{path}: {error}") from None
