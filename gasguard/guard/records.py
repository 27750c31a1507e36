"""The table `guard`: every burner's last record, each with a checksum."""

import json
import sqlite3
import zlib

from gasguard.core.recovery import Record, Stamp, record_from_data, record_to_data

Saved = dict[str, tuple[Record, Stamp]]
"""By burner: what was saved last, and when."""


def save(db: sqlite3.Connection, burner: str, record: Record, stamp: Stamp) -> None:
    """Write one burner's record; fsynced on return. Raises sqlite3.Error."""
    data = json.dumps(record_to_data(record))
    row = (burner, data, stamp.boot_id, stamp.boot, stamp.wall, int(stamp.synchronised))
    with db:
        db.execute(
            "INSERT OR REPLACE INTO guard VALUES (?, ?, ?, ?, ?, ?, ?)", (*row, _checksum(row))
        )


def load(db: sqlite3.Connection) -> Saved:
    """Every burner's. Raises sqlite3.Error, ValueError, TypeError, KeyError for a damaged one."""
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
