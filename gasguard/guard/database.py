"""The file: one SQLite database, or what can still be read of one that cannot be written.

No crash leaves half a file in its place, a damaged one is set aside and never passes as clean.
"""

import contextlib
import errno
import logging
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from gasguard.errors import StoreError
from gasguard.files import sync_folder
from gasguard.guard import records
from gasguard.guard.records import Saved

log = logging.getLogger(__name__)

_AFTER_DAMAGE = 0x67617364
"""`application_id` of a file that took a damaged one's place. It outlives a crash before the first
record is saved: otherwise the next start would find an empty, clean file."""
HEAD = b"SQLite format 3\0"
LEAST_SIZE = 512
"""Bytes: SQLite's smallest page."""
_HELD_UP = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
)
UNREADABLE = (sqlite3.Error, ValueError, TypeError, KeyError)
"""What reading a damaged file raises."""

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
    "CREATE TABLE memory (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;",
    """
    CREATE INDEX journal_burner ON journal (burner);
    CREATE TABLE burns (
        id INTEGER PRIMARY KEY AUTOINCREMENT, burner TEXT NOT NULL, began REAL NOT NULL,
        ended REAL NOT NULL, seconds REAL NOT NULL, gas REAL, ended_by TEXT
    ) STRICT;
    CREATE INDEX burns_ended ON burns (ended);
    CREATE TABLE totals (
        burner TEXT PRIMARY KEY, seconds REAL NOT NULL, gas REAL NOT NULL, since REAL NOT NULL
    ) STRICT;
    """,
)


@dataclass(frozen=True, slots=True)
class Unwritable:
    """A file that cannot be written, and what it says."""

    path: Path
    why: str
    saved: Saved
    damaged: bool
    """As of `is_after_damage`."""
    memory: dict[str, str] = field(default_factory=dict)
    """As of `recall`."""

    @property
    def trouble(self) -> str:
        """For people."""
        return (
            f"{self.path.parent} cannot be written ({self.why}): timers, locks and re-arms are "
            "refused, and nothing survives a restart; offs work. Look at the card and its mount"
        )


def open_or_create(path: Path) -> sqlite3.Connection | Unwritable:
    """The database at `path`. A damaged one is set aside under a new name.

    Raises StoreError when neither a file nor a card that is read-only explains the failure.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _create(path, after_damage=False)
        return _connect_to_sound(path)
    except (OSError, sqlite3.Error) as error:
        unwritable = _read_beside(path, f"{error}")
        if unwritable is None and not _is_read_only(path.parent):
            raise StoreError(f"state_dir {path.parent} is not usable: {error}") from None
        # Nothing read: it may have held a latch.
        unwritable = unwritable or Unwritable(path, f"{error}", {}, damaged=True)
        log.error("%s", unwritable.trouble)
        return unwritable


def reopen(file: Unwritable) -> sqlite3.Connection:
    """The same once it can be written. Raises OSError, `UNREADABLE` while it cannot.

    A damaged one is set aside only now, and one that was never there is made: what it may have held
    was lost at the start, and a crash before all is saved must not make it pass as clean.
    """
    if not file.path.exists():
        _create(file.path, after_damage=file.damaged)
    return _connect_to_sound(file.path)


def _connect_to_sound(path: Path) -> sqlite3.Connection:
    try:
        return connect(path)
    except UNREADABLE as error:
        if isinstance(error, sqlite3.OperationalError) and (_is_held_up(error) or not _opens(path)):
            raise
        aside = _set_aside(path)
        log.error("%s is damaged (%s): set aside as %s", path, error, aside.name)
        return connect(path)


def connect(path: Path) -> sqlite3.Connection:
    """A file that is there, checked and brought up to date. Raises OSError, `UNREADABLE`."""
    with path.open("rb") as file:
        # SQLite takes a file shorter than a page for a new one: a cut-off file would pass as clean.
        if file.read(len(HEAD)) != HEAD or path.stat().st_size < LEAST_SIZE:
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
        check(db)
        migrate(db)
        records.load(db)
    except BaseException:
        db.close()
        raise
    return db


@contextlib.contextmanager
def only_read(path: Path) -> Iterator[sqlite3.Connection]:
    """The file, checked, for somebody who changes nothing. Raises `UNREADABLE`."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=2.0)) as db:
        check(db)
        yield db


def is_after_damage(db: sqlite3.Connection) -> bool:
    """Whether an earlier file could not be read and was set aside."""
    (mark,) = db.execute("PRAGMA application_id").fetchone()
    return bool(mark == _AFTER_DAMAGE)


def recall(db: sqlite3.Connection) -> dict[str, str]:
    """What else was to be remembered, by name. Raises sqlite3.Error."""
    return dict(db.execute("SELECT name, value FROM memory"))


def schema(db: sqlite3.Connection) -> set[tuple[str, ...]]:
    """Its tables, indices, triggers and views, as they were made. Raises sqlite3.Error."""
    return set(db.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema"))


def mark_after_damage(db: sqlite3.Connection) -> None:
    """Have `is_after_damage` say yes. Raises sqlite3.Error."""
    db.execute(f"PRAGMA application_id = {_AFTER_DAMAGE}")


def migrate(db: sqlite3.Connection) -> None:
    """Bring its tables up to date. Raises sqlite3.Error, and ValueError for a newer gasguard's."""
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
        migrate(db)
    new.replace(path)
    sync_folder(path.parent)


def check(db: sqlite3.Connection) -> None:
    """Raises sqlite3.Error or ValueError where it is damaged."""
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise ValueError(verdict)


def _read_beside(path: Path, why: str) -> Unwritable | None:
    """What the file holds, read from a copy: SQLite writes even to read what a crash left open."""
    try:
        with tempfile.TemporaryDirectory(prefix="gasguard-") as folder:
            copy = Path(folder) / path.name
            shutil.copyfile(path, copy)
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(f"{path}-wal", f"{copy}-wal")
            with contextlib.closing(connect(copy)) as db:
                return Unwritable(path, why, records.load(db), is_after_damage(db), recall(db))
    except (OSError, *UNREADABLE) as error:
        log.error("%s cannot be read either: %s", path, error)
        return None


def _is_read_only(folder: Path) -> bool:
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    return bool(os.statvfs(existing).f_flag & os.ST_RDONLY)


def _is_held_up(error: sqlite3.Error) -> bool:
    """Whether somebody else has the file, or the card does not do its work: no damage."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _HELD_UP


def _opens(path: Path) -> bool:
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
