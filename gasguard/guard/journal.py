"""The table `journal`: what happened, written in batches. A power cut may lose the last second."""

import json
import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

log = logging.getLogger(__name__)

KEPT_FOR = 400 * 24 * 3600.0
"""Seconds: twelve months, and the month that is compared with the same one a year ago."""
MOST_ROWS = 100_000
"""Rows kept however young they are: some 30 MB. An ordinary kitchen writes 25,000 a year."""
_WAITING_ROWS = 2_000
"""Rows that wait for a disk that does not write, before the oldest are dropped."""
_OUT_OF_ORDER = 2_000
END = 1 << 62
"""A `seq` behind the newest."""
STARTED, STOPPED = "guard_started", "guard_stopped"
"""Types of event that nobody is told of: the guard's own life."""
_OF_LIFE = '{"type": "guard_*'
"""How their rows begin."""

_Row = tuple[float, str, str]


class Rows:
    """Events on their way to the table. Only `put` may be called on the event loop."""

    def __init__(self) -> None:
        self._waiting: deque[_Row] = deque(maxlen=_WAITING_ROWS)
        self.trouble = ""
        """What is wrong with the writing, for people."""

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def put(self, at: float, burner: str, event: dict[str, Any]) -> None:
        """`at` is Unix time. The event's texts hold no halves of characters."""
        self._waiting.append((at, burner, json.dumps(event, ensure_ascii=False)))

    def flush(self, db: Callable[[], sqlite3.Connection]) -> None:
        """Write what waits. A failure is logged, never raised."""
        rows = self._take()
        try:
            with (file := db()):
                file.executemany("INSERT INTO journal (at, burner, event) VALUES (?, ?, ?)", rows)
                file.execute(
                    "DELETE FROM journal WHERE seq <= (SELECT max(seq) FROM journal) - ?",
                    (MOST_ROWS,),
                )
            self.trouble = ""
        except Exception as error:  # noqa: BLE001 - whatever it is, the guard goes on without history
            level = logging.DEBUG if self.trouble else logging.WARNING
            log.log(level, "history lost %d rows: %s", len(rows), error)
            self.trouble = f"events are lost ({error})"

    def _take(self) -> list[_Row]:
        rows = []
        while True:
            try:
                rows.append(self._waiting.popleft())
            except IndexError:
                return rows


class Asked(NamedTuple):
    """Which events somebody wants."""

    burner: str | None
    """None for all."""
    since: float
    """Unix time."""
    life: bool
    """Also that the guard started and stopped."""


class Found(NamedTuple):
    """One row, as it was written."""

    seq: int
    event: str
    """JSON."""


def first(db: sqlite3.Connection, since: float) -> int:
    """The `seq` of the first event since Unix time `since`. Raises sqlite3.Error.

    Of events that a wrong clock has dated, the order of times is not that of writing: the earliest
    `_OUT_OF_ORDER` are looked at.
    """
    (seq,) = db.execute(
        "SELECT min(seq) FROM (SELECT seq FROM journal WHERE at >= ? ORDER BY at LIMIT ?)",
        (since, _OUT_OF_ORDER),
    ).fetchone()
    return END if seq is None else int(seq)


def find(
    db: sqlite3.Connection, asked: Asked, from_seq: int, before: int, most: int
) -> list[Found]:
    """Events with `from_seq` <= seq < `before`, newest first, at most `most`.

    Raises sqlite3.Error.
    """
    burner, since, life = asked
    whose = "" if burner is None else "burner = :burner AND "
    found = db.execute(
        # A changed byte in the file must not keep the other rows from whoever asks.
        f"SELECT seq, event FROM journal WHERE {whose}seq >= :first AND seq < :before "  # noqa: S608
        "AND at >= :since AND json_valid(event) AND (:life OR event NOT GLOB :of_life) "
        "ORDER BY seq DESC LIMIT :most",
        {
            "burner": burner,
            "first": from_seq,
            "before": before,
            "since": since,
            "life": life,
            "of_life": _OF_LIFE,
            "most": most,
        },
    )
    return [Found(*row) for row in found]


def prune(db: sqlite3.Connection, before: float, most: int) -> bool:
    """Delete at most `most` of the events from before Unix time `before`; whether more are left.

    The order of writing counts: a row dated by a clock that was wrong goes with its neighbours.
    Where nothing younger is there, nothing is deleted. Raises sqlite3.Error.
    """
    young = db.execute(
        # The plus keeps SQLite from sorting all that is young: it reads on from the oldest row.
        "SELECT seq FROM journal WHERE +at >= ? ORDER BY seq LIMIT 1",
        (before,),
    ).fetchone()
    if young is None:
        return False
    with db:
        done = db.execute(
            "DELETE FROM journal WHERE seq IN "
            "(SELECT seq FROM journal WHERE seq < ? ORDER BY seq LIMIT ?)",
            (young[0], most),
        )
    return done.rowcount == most


def begin(
    db: sqlite3.Connection, at: float, burners: Sequence[str], started: dict[str, Any]
) -> None:
    """Note for each burner that the guard has started. Raises sqlite3.Error.

    `started` is the event, but for the burner, an orderly end before it, and `last_entry`: when
    something was written last. One that starts over and over has one row, which counts.
    """
    with db:
        for burner in burners:
            _begin(db, at, burner, started)


def _begin(db: sqlite3.Connection, at: float, burner: str, started: dict[str, Any]) -> None:
    row = db.execute(
        "SELECT seq, event FROM journal WHERE burner = ? AND json_valid(event) "
        "ORDER BY seq DESC LIMIT 1",
        (burner,),
    ).fetchone()
    last = {} if row is None else json.loads(row[1])
    event = {**started, "burner": burner}
    if row is None and event["reason"] != "first":
        event["reason"] = None  # the history was lost, or this burner is new
    elif last.get("type") == STOPPED:
        event["reason"] = "stopped"
    if "at" in last:
        event["last_entry"] = last["at"]
    if last.get("type") == STARTED:
        event["starts"] = last.get("starts", 1) + 1
        event["last_entry"] = last.get("last_entry", last.get("at"))
        db.execute("DELETE FROM journal WHERE seq = ?", (row[0],))
    db.execute(
        "INSERT INTO journal (at, burner, event) VALUES (?, ?, ?)",
        (at, burner, json.dumps(event, ensure_ascii=False)),
    )
