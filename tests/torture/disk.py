"""The Pi's disk: a real SQLite file behind a worker that is slow, hangs, refuses, or dies halfway.

A call is executed some milliseconds after it was asked for, and answered then. A crash drops what
was not executed. What was executed but not fsynced is lost with the power: the pragma that decides
it is asked of SQLite itself.
"""

import asyncio
import contextlib
import errno
import sqlite3
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from random import Random
from typing import Any, TypeVar
from unittest import mock

from gasguard.errors import StoreError
from gasguard.guard import database
from gasguard.guard.store import FILE_NAME, Store

T = TypeVar("T")

_FULL = 2
SETTLES = 2.5
"""Seconds after a fault until the guard must have written what it could not write before."""
_LATENCY = 0.002
"""Seconds that one call takes, up to twice as long."""
_SUFFIXES = ("", "-wal")


class _Store(Store):
    """One whose SQLite can be made to refuse, and asked whether a power cut loses what it wrote."""

    _refuses = False

    def refuse(self, refuses: bool) -> None:
        """Fail every write, or no longer."""
        self._refuses = refuses
        if isinstance(self._file, sqlite3.Connection):
            self._file.execute(f"PRAGMA query_only = {'ON' if refuses else 'OFF'}")

    @property
    def _db(self) -> sqlite3.Connection:
        if self._refuses and isinstance(self._file, database.Unwritable):
            raise StoreError(self._file.trouble)
        return super()._db

    @property
    def fsyncs(self) -> bool:
        """Whether a commit waits for the disk; nothing waits where nothing is written."""
        if isinstance(self._file, database.Unwritable):
            return True
        (level,) = self._file.execute("PRAGMA synchronous").fetchone()
        return bool(level >= _FULL)

    def abandon(self) -> None:
        """Give the file handles back. What SQLite tidies up at that, its caller undoes."""
        if isinstance(self._file, sqlite3.Connection):
            with contextlib.suppress(sqlite3.Error):
                self._file.close()


class Disk(Executor):
    """One worker, as the store's thread is one."""

    def __init__(self, loop: asyncio.AbstractEventLoop, folder: Path, random: Random) -> None:
        self.folder = folder
        self.latency = _LATENCY
        self.hangs = self._refuses = False
        self.on_write: Callable[[bool], None] | None = None
        """Called before (False) and after (True) each call is executed."""
        self._loop, self._random = loop, random
        self._queue: deque[tuple[Callable[[], Any], asyncio.Future[Any]]] = deque()
        self._busy = False
        self._begun: asyncio.Future[Any] | None = None
        self._life = 0
        self._store: _Store | None = None
        self._unsound_until = float("-inf")
        self._at_start: dict[str, bytes] = {}

    # --- for the store ------------------------------------------------------------------------

    def run(self, work: Callable[[], T]) -> "asyncio.Future[T]":
        """Queue a call of the living guard; a dead one's is forgotten."""
        future: asyncio.Future[T] = self._loop.create_future()
        if self._store is not None:
            self._queue.append((work, future))
            self._go_on()
        return future

    def _go_on(self) -> None:
        # As with a real worker: what nobody waits for any more is not begun, what was begun ends.
        queue = self._queue
        while queue and queue[0][1].cancelled() and self._begun is not queue[0][1]:
            queue.popleft()
        if not queue or self._busy:
            return
        self._begun = queue[0][1]
        if not self.hangs:
            self._busy = True
            delay = self.latency * self._random.uniform(0.25, 2)
            self._loop.call_later(delay, self._execute, self._life)

    def _execute(self, life: int) -> None:
        if life != self._life:
            return
        self._busy = False
        if self.hangs:
            return
        work, future = self._queue.popleft()
        if self.on_write is not None:
            self.on_write(False)
            if life != self._life:
                return
        try:
            result, error = work(), None
        except Exception as caught:  # noqa: BLE001 - handed on to whoever awaits
            result, error = None, caught
        if self.on_write is not None:
            self.on_write(True)
            if life != self._life:
                return
        if not future.done():
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
        # Their traceback knows this frame: a circle for the collector, one a refused write.
        del future, error
        self._go_on()

    # --- faults -------------------------------------------------------------------------------

    def suffer(self, fault: str) -> None:
        """`hangs`: answer nothing. `refuses`: fail every write, as when full. `slow`; or nothing.

        Faults of other kinds go on, until there is none.
        """
        self.hangs = fault == "hangs" or (self.hangs and fault != "")
        self._refuses = fault == "refuses" or (self._refuses and fault != "")
        if fault in ("slow", ""):
            self.latency = 0.3 if fault else _LATENCY
        if self._store is not None:
            self._store.refuse(self._refuses)
        self._unsettle()
        self._go_on()

    def _unsettle(self) -> None:
        self._unsound_until = self._loop.time() + SETTLES

    @property
    def sound(self) -> bool:
        """Whether what the guard has told by now must be on disk."""
        faulty = self.hangs or self._refuses or self.latency > 0.05
        return not faulty and self._loop.time() >= self._unsound_until

    # --- life and death -----------------------------------------------------------------------

    def open(self) -> Store:
        """The guard starts; while the disk refuses, from a card that is read-only."""
        with self._read_only() if self._refuses else contextlib.nullcontext():
            store = _Store.open(self.folder, self)
        assert isinstance(store, _Store)
        self._store = store
        self._at_start = self._files()
        store.refuse(self._refuses)
        return store

    def _read_only(self) -> contextlib.AbstractContextManager[object]:
        def connect(path: Path) -> sqlite3.Connection:
            if path.parent == self.folder:
                raise OSError(errno.EROFS, "is read-only", str(path.parent))
            return really(path)

        really = database.connect
        return mock.patch.multiple(database, connect=connect, _is_read_only=lambda _folder: True)

    def crash(self, *, power: bool) -> None:
        """Nothing more is executed; a transaction under way is as if it had never begun."""
        self._life += 1
        self._queue.clear()
        self._busy = False
        store, self._store = self._store, None
        if store is None:
            return
        self._unsettle()
        kept = self._files() if not power or store.fsyncs else self._at_start
        store.abandon()
        self._restore(kept)

    def _files(self) -> dict[str, bytes]:
        paths = {suffix: self._path(suffix) for suffix in _SUFFIXES}
        return {suffix: path.read_bytes() for suffix, path in paths.items() if path.exists()}

    def _restore(self, files: dict[str, bytes]) -> None:
        for suffix in (*_SUFFIXES, "-shm"):
            self._path(suffix).unlink(missing_ok=True)
        for suffix, data in files.items():
            self._path(suffix).write_bytes(data)

    def _path(self, suffix: str) -> Path:
        return self.folder / f"{FILE_NAME}{suffix}"

    def tear(self) -> None:
        """Half a frame behind the last whole one: what a write cut short leaves. Loses nothing."""
        with self._path("-wal").open("ab") as file:
            file.write(self._random.randbytes(self._random.randrange(1, 4000)))

    def damage(self, how: str) -> None:
        """Ruin the file for good: `zeros`, `garbage`, `short` or `empty`."""
        files = self._files()
        data = files.get("", b"") or b"\0" * 4096
        ruined = {
            "zeros": b"\0" * len(data),
            "garbage": self._random.randbytes(len(data)),
            "short": data[: len(data) // 2 - 7],
            "empty": b"",
        }[how]
        self._restore({"": ruined})
