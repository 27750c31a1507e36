"""The disk: SQLite for what must outlive the daemon, and the journal of what happened.

One thread does all writing, in order. Guard state is fsynced before its future resolves; the
journal is written in batches and may lose its last second in a power cut.
"""

import asyncio
import contextlib
import errno
import json
import logging
import os
import shutil
import sqlite3
import tempfile
import zlib
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from gasguard.core.recovery import Record, Stamp, record_from_data, record_to_data
from gasguard.errors import StoreError
from gasguard.text import clean

log = logging.getLogger(__name__)

_T = TypeVar("_T")

FILE_NAME = "guard.db"
JOURNAL_KEEPS = 50_000
"""Journal rows kept; the oldest go first. About 10 MB."""
_PENDING_ROWS = 2_000
"""Journal rows that wait for a disk that does not write, before the oldest are dropped."""

_AFTER_DAMAGE = 0x67617364
"""`application_id` of a file that took a damaged one's place. It outlives a crash before the first
record is saved: otherwise the next start would find an empty, clean file."""
_HEAD = b"SQLite format 3\0"
_LEAST_SIZE = 512
"""Bytes: SQLite's smallest page."""

_MIGRATIONS = (
    """
    CREATE TABLE guard (
        burner TEXT PRIMARY KEY, record TEXT NOT NULL, boot_id TEXT NOT NULL,
        boot REAL NOT NULL, wall REAL NOT NULL, synchronised INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE journal (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, burner TEXT NOT NULL,
        event TEXT NOT NULL
    ) STRICT;
    CREATE INDEX journal_at ON journal (at);
    """,
    "ALTER TABLE guard ADD COLUMN checksum INTEGER;",
)


@dataclass(frozen=True, slots=True)
class _Unwritable:
    """A file that cannot be written, and what it says."""

    path: Path
    why: str
    records: dict[str, tuple[Record, Stamp]]
    damaged: bool
    """As the store's."""

    @property
    def trouble(self) -> str:
        """For people."""
        return (
            f"{self.path.parent} cannot be written ({self.why}): timers, locks and re-arms are "
            "refused, and nothing survives a restart; offs work. Look at the card and its mount"
        )


class Store:
    """The durable state under one folder. Open it with `Store.open`."""

    def __init__(self, file: "sqlite3.Connection | _Unwritable", executor: Executor) -> None:
        self._file, self._executor = file, executor
        self._rows: deque[tuple[float, str, str]] = deque(maxlen=_PENDING_ROWS)
        self._history_trouble = ""
        if isinstance(file, _Unwritable):
            self.damaged = file.damaged
        else:
            (mark,) = file.execute("PRAGMA application_id").fetchone()
            self.damaged = mark == _AFTER_DAMAGE
        """An earlier file could not be read and was set aside: a burner of which this one holds no
        record may have had a latch in that."""

    @classmethod
    def open(cls, folder: Path, executor: Executor | None = None) -> "Store":
        """Open or create the store in `folder`. `executor` must run one call at a time, in order.

        A damaged file is set aside under a new name. One that can be read but not written, or a
        card that has become read-only, gives a store that knows what was saved last, refuses every
        write, and tries again at each. Raises StoreError when the folder is unusable.
        """
        path = folder / FILE_NAME
        executor = executor or ThreadPoolExecutor(1, "store")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                _create(path, after_damage=False)
            try:
                return cls(_connect(path), executor)
            except (sqlite3.DatabaseError, ValueError, TypeError, KeyError) as error:
                if isinstance(error, sqlite3.OperationalError) and not _readable(path):
                    raise
                aside = _set_aside(path)
                log.error("%s is damaged (%s): set aside as %s", path, error, aside.name)
                return cls(_connect(path), executor)
        except (OSError, sqlite3.Error) as error:
            unwritable = _read_beside(path, f"{error}")
            if unwritable is None and not _is_read_only(folder):
                raise StoreError(f"state_dir {folder} is not usable: {error}") from None
            # Nothing read: it may have held a latch.
            unwritable = unwritable or _Unwritable(path, f"{error}", {}, damaged=True)
            log.error("%s", unwritable.trouble)
            return cls(unwritable, executor)

    @property
    def trouble(self) -> str:
        """What is wrong with it, in words for people."""
        if isinstance(self._file, _Unwritable):
            return self._file.trouble
        return self._history_trouble

    def load(self) -> dict[str, tuple[Record, Stamp]]:
        """Every burner's last saved record."""
        if isinstance(self._file, _Unwritable):
            return self._file.records
        return _load(self._file)

    @property
    def _db(self) -> sqlite3.Connection:
        """For the store's thread. Raises StoreError while nothing can be written."""
        file = self._file
        if not isinstance(file, _Unwritable):
            return file
        try:
            self._file = opened = _connect(file.path)
        except (OSError, sqlite3.Error, ValueError, TypeError, KeyError):
            raise StoreError(file.trouble) from None
        log.warning("the state can be written again")
        return opened

    def save(self, burner: str, record: Record, stamp: Stamp) -> "asyncio.Future[None]":
        """Write one burner's record; the future resolves once it is fsynced.

        The future raises StoreError when the disk refuses.
        """
        return self._run(lambda: self._save(burner, record, stamp))

    def _save(self, burner: str, record: Record, stamp: Stamp) -> None:
        data = json.dumps(record_to_data(record))
        row = (burner, data, stamp.boot_id, stamp.boot, stamp.wall, int(stamp.synchronised))
        with self._db:
            self._db.execute(
                "INSERT OR REPLACE INTO guard VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*row, _checksum(row)),
            )

    def note(self, at: float, burner: str, event: dict[str, Any]) -> None:
        """Put an event on the journal; `flush` writes it. `at` is Unix time."""
        self._rows.append((at, burner, json.dumps(clean(event), ensure_ascii=False)))

    @property
    def has_rows(self) -> bool:
        """Whether journal rows wait to be written."""
        return bool(self._rows)

    def flush(self) -> "asyncio.Future[None]":
        """Write the journal rows that wait. A failure is logged, never raised."""
        rows = list(self._rows)
        self._rows.clear()
        return self._run(lambda: self._flush(rows))

    def _flush(self, rows: list[tuple[float, str, str]]) -> None:
        try:
            with self._db:
                self._db.executemany(
                    "INSERT INTO journal (at, burner, event) VALUES (?, ?, ?)", rows
                )
                self._db.execute(
                    "DELETE FROM journal WHERE seq <= (SELECT max(seq) FROM journal) - ?",
                    (JOURNAL_KEEPS,),
                )
            self._history_trouble = ""
        except Exception as error:  # noqa: BLE001 - whatever it is, the guard goes on without history
            level = logging.DEBUG if self._history_trouble else logging.WARNING
            log.log(level, "history lost %d rows: %s", len(rows), error)
            self._history_trouble = f"events are lost ({error})"

    def history(
        self, burner: str | None, since: float, limit: int = 1000
    ) -> "asyncio.Future[list[dict[str, Any]]]":
        """Events since Unix time `since`, newest last, at most `limit`."""
        rows = list(self._rows)
        self._rows.clear()

        def query() -> list[dict[str, Any]]:
            self._flush(rows)
            found = self._db.execute(
                "SELECT event FROM journal WHERE at >= ? AND (? IS NULL OR burner = ?) "
                "ORDER BY seq DESC LIMIT ?",
                (since, burner, burner, limit),
            ).fetchall()
            return [json.loads(event) for (event,) in reversed(found)]

        return self._run(query)

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
    try:
        db = sqlite3.connect(f"file:{folder / FILE_NAME}?mode=ro", uri=True, timeout=2.0)
        try:
            _check(db)
            return {name: record for name, (record, _) in _load(db).items()}
        finally:
            db.close()
    except (sqlite3.Error, ValueError, TypeError, KeyError) as error:
        raise StoreError(f"{folder / FILE_NAME}: {error}") from None


def _connect(path: Path) -> sqlite3.Connection:
    with path.open("rb") as file:
        # SQLite takes a file shorter than a page for a new one: a cut-off file would pass as clean.
        if file.read(len(_HEAD)) != _HEAD or path.stat().st_size < _LEAST_SIZE:
            raise ValueError("it is cut off or no database")
    for place in (path, path.parent):
        # SQLite would open it to read, and refuse only what is written.
        if not os.access(place, os.W_OK):
            raise OSError(errno.EROFS, "is read-only", str(place))
    db = sqlite3.connect(path, check_same_thread=False, timeout=2.0)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        # SQLite takes the first damaged frame for the log's end and goes back, in silence, to what
        # was before it: a lock would be gone. So the log never holds more than one transaction,
        # and that one is in the file too.
        db.execute("PRAGMA wal_autocheckpoint = 1")
        _check(db)
        _migrate(db)
        _load(db)
    except BaseException:
        db.close()
        raise
    return db


def _migrate(db: sqlite3.Connection) -> None:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > len(_MIGRATIONS):
        raise ValueError(f"it was written by a newer gasguard (schema {version})")
    for number, script in enumerate(_MIGRATIONS[version:], version + 1):
        db.executescript(f"BEGIN;{script}PRAGMA user_version = {number};COMMIT;")


def _create(path: Path, *, after_damage: bool) -> None:
    """Put an empty database at `path` in one step: no crash leaves half a file there."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(new)) as db:
        db.execute(f"PRAGMA application_id = {_AFTER_DAMAGE if after_damage else 0}")
        _migrate(db)
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _check(db: sqlite3.Connection) -> None:
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise ValueError(verdict)


def _load(db: sqlite3.Connection) -> dict[str, tuple[Record, Stamp]]:
    found = {}
    for *row, checksum in db.execute("SELECT * FROM guard"):
        burner, record, boot_id, boot, wall, synchronised = row
        # SQLite does not see a changed digit. Rows of the first schema have no checksum.
        if checksum is not None and checksum != _checksum(tuple(row)):
            raise ValueError(f"the checksum of burner {burner!r} does not fit")
        found[burner] = (
            record_from_data(json.loads(record)),
            Stamp(boot_id, boot, wall, bool(synchronised)),
        )
    return found


def _checksum(row: tuple[object, ...]) -> int:
    return zlib.crc32(repr(row).encode())


def _read_beside(path: Path, why: str) -> _Unwritable | None:
    """What the file holds, read from a copy: SQLite writes even to read what a crash left open."""
    try:
        with tempfile.TemporaryDirectory(prefix="gasguard-") as folder:
            copy = Path(folder) / path.name
            shutil.copyfile(path, copy)
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(f"{path}-wal", f"{copy}-wal")
            with contextlib.closing(_connect(copy)) as db:
                (mark,) = db.execute("PRAGMA application_id").fetchone()
                return _Unwritable(path, why, _load(db), damaged=mark == _AFTER_DAMAGE)
    except (OSError, sqlite3.Error, ValueError, TypeError, KeyError) as error:
        log.error("%s cannot be read either: %s", path, error)
        return None


def _is_read_only(folder: Path) -> bool:
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    return bool(os.statvfs(existing).f_flag & os.ST_RDONLY)


def _readable(path: Path) -> bool:
    """Whether the file itself opens: an operational error then is about its content."""
    try:
        with path.open("r+b"):
            return True
    except OSError:
        return False


def _set_aside(path: Path) -> Path:
    """Keep a damaged file under another name and put a new one, marked so, in its place."""
    when = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
    aside = path.with_name(f"{path.name}.damaged-{when}")
    for suffix in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{suffix}").rename(f"{aside}{suffix}")
    # A second name for the old file: at no moment is there none at `path`, which would be clean.
    try:
        aside.hardlink_to(path)
    except OSError:  # a file system without such names, FAT for one
        shutil.copyfile(path, aside)
    _create(path, after_damage=True)
    return aside
