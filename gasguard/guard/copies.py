"""Copies of the state's file: made while a daemon writes it, and made fit to take its place."""

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from gasguard.core.model import Lock
from gasguard.core.recovery import Record
from gasguard.errors import StoreError
from gasguard.guard import records
from gasguard.guard.database import (
    HEAD,
    LEAST_SIZE,
    UNREADABLE,
    check,
    is_after_damage,
    mark_after_damage,
    migrate,
    schema,
)
from gasguard.guard.records import Saved

LARGEST = 128 * 1024 * 1024
"""Bytes of a copy: four times what a year of the busiest kitchen comes to."""
_WAL, _ROLLBACK = b"\2\2", b"\1\1"
"""How a file says, behind `_SAYS`, where its changes are written first: memory knows no WAL."""
_SAYS = slice(18, 20)


def copied(path: Path) -> bytes:
    """The state as of one moment, also while a daemon writes it. Raises StoreError."""
    try:
        path.open("rb").close()
        try:
            data = _read(path)
        except sqlite3.OperationalError:
            # SQLite writes even to read; on a card that is read-only nobody else does.
            with tempfile.TemporaryDirectory(prefix="gasguard-") as folder:
                beside = Path(folder) / path.name
                for suffix in ("", "-wal"):
                    with contextlib.suppress(FileNotFoundError):
                        shutil.copyfile(f"{path}{suffix}", f"{beside}{suffix}")
                data = _read(beside)
        _opened(data).close()
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from None
    except UNREADABLE as error:
        raise StoreError(f"{path} is damaged: {error}") from None
    return data


def saved_in(data: bytes) -> Saved:
    """Every burner's record in a copy. Raises StoreError for what gasguard has not written."""
    try:
        with contextlib.closing(_opened(data)) as db:
            return records.load(db)
    except UNREADABLE as error:
        raise StoreError(f"the state is damaged or not gasguard's: {error}") from None


def succeeding(data: bytes, present: Path) -> bytes:
    """A copy that may take the place of the file at `present`, whose daemon has ended.

    What holds a burner off now goes on holding it off, whatever the copy knows of it; one that was
    in use is opened first. Where the present file cannot be read, every burner starts locked out.
    Raises StoreError as `saved_in`.
    """
    saved_in(data)
    now = _present(present)
    with contextlib.closing(_opened(data)) as db:
        then = records.load(db)
        if now is None:
            mark_after_damage(db)
            for burner, (record, stamp) in then.items():
                records.save(db, burner, _with_locks(record, [Lock.RESTART]), stamp)
        else:
            saved, damaged = now
            if damaged:
                mark_after_damage(db)
            for burner, (record, stamp) in saved.items():
                if record.locks or is_in_use(record):
                    old, saved_at = then.get(burner, (Record(), stamp))
                    records.save(db, burner, _holding(old, record), saved_at)
        return db.serialize()


def settle(path: Path) -> None:
    """Have all that was written in the file itself, none of it beside it, as far as can be.

    Nobody else may use it.
    """
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as db,
    ):
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def is_in_use(record: Record) -> bool:
    """Whether its burner may be lit, or was to be open."""
    burns = record.burning_since is not None or record.unseen_since is not None
    return bool(record.timer or record.held_open or burns)


def _holding(old: Record, now: Record) -> Record:
    held = replace(
        _with_locks(old, now.locks),
        held_open=old.held_open or is_in_use(now),
        leased=old.leased or now.leased,
    )
    return replace(held, reporting=tuple(dict.fromkeys((*old.reporting, *now.reporting))))


def _with_locks(record: Record, more: Iterable[Lock]) -> Record:
    return replace(record, locks=tuple(sorted({*record.locks, *more})))


def _present(path: Path) -> tuple[Saved, bool] | None:
    """What is saved there, and whether a damaged file was there before; None where that cannot be
    read."""
    if not path.exists():
        return {}, False
    try:
        with contextlib.closing(_opened(copied(path))) as db:
            return records.load(db), is_after_damage(db)
    except StoreError:
        return None


def _read(path: Path) -> bytes:
    """Raises OSError, `UNREADABLE`."""
    with (
        contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db,
        contextlib.closing(sqlite3.connect(":memory:")) as copy,
    ):
        # In one step: while it is read, the daemon writes on.
        db.backup(copy)
        return copy.serialize()


def _opened(data: bytes) -> sqlite3.Connection:
    """In memory, checked, brought up to date. Raises `UNREADABLE`."""
    if len(data) > LARGEST:
        raise ValueError(f"it is longer than {LARGEST} bytes")
    if len(data) < LEAST_SIZE or not data.startswith(HEAD):
        raise ValueError("it is cut off or no database")
    if data[_SAYS] == _WAL:
        data = data[: _SAYS.start] + _ROLLBACK + data[_SAYS.stop :]
    db = sqlite3.connect(":memory:")
    try:
        db.deserialize(data)
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
        if pages * size != len(data):
            raise ValueError("it is cut off")
        check(db)
        migrate(db)
        with contextlib.closing(sqlite3.connect(":memory:")) as new:
            migrate(new)
            if schema(db) != schema(new):
                raise ValueError("its tables are not those of gasguard")
        records.load(db)
    except BaseException:
        db.close()
        raise
    return db
