"""The table `journal`: what happened, written in batches. A power cut may lose the last second."""

import json
import logging
import sqlite3
from collections import deque
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)

KEEPS = 50_000
"""Rows kept; the oldest go first. About 10 MB."""
_WAITING_ROWS = 2_000
"""Rows that wait for a disk that does not write, before the oldest are dropped."""

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
                    "DELETE FROM journal WHERE seq <= (SELECT max(seq) FROM journal) - ?", (KEEPS,)
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


def find(
    db: sqlite3.Connection, burner: str | None, since: float, limit: int
) -> list[dict[str, Any]]:
    """Events since Unix time `since`, newest last, at most `limit`. Raises sqlite3.Error."""
    found = db.execute(
        "SELECT event FROM journal WHERE at >= ? AND (? IS NULL OR burner = ?) "
        "ORDER BY seq DESC LIMIT ?",
        (since, burner, burner, limit),
    ).fetchall()
    return [json.loads(event) for (event,) in reversed(found)]
