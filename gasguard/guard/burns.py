"""The tables `burns` and `totals`: how long each burner was seen to burn, and the gas that took.

Totals only grow, whatever is pruned, and both are written in one transaction.
"""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

MOST_ROWS = 100_000
"""Burns kept however young they are: some 8 MB. An ordinary kitchen has 4,000 a year."""


class Burn(NamedTuple):
    """One burn: a flame that was seen, with gaps of at most a minute. Times are Unix time."""

    id: int
    burner: str
    began: float
    ended: float
    """Until when it was seen."""
    seconds: float
    """For how long of that it burnt."""
    gas: float | None
    """m³; None where the burner's power is not known."""
    ended_by: str | None
    """`out`: the flame went out · `trip`: gasguard shut it off · `silent`: the sensor fell silent,
    nobody knows how long it burnt on · `stopped` and `crash`: so did the guard · None: it burns."""


class Total(NamedTuple):
    """All that a burner has burnt since Unix time `since`."""

    burner: str
    seconds: float
    gas: float
    """m³."""
    since: float


class Kept(NamedTuple):
    """What is there at a start."""

    totals: dict[str, Total]
    next_id: int


def begin(db: sqlite3.Connection) -> Kept:
    """What was counted so far. A burn without an end was cut by a crash. Raises sqlite3.Error."""
    with db:
        db.execute("UPDATE burns SET ended_by = 'crash' WHERE ended_by IS NULL")
    totals = (Total(*row) for row in db.execute("SELECT burner, seconds, gas, since FROM totals"))
    (last,) = db.execute("SELECT max(seq) FROM sqlite_sequence WHERE name = 'burns'").fetchone()
    return Kept({total.burner: total for total in totals}, (last or 0) + 1)


def save(db: sqlite3.Connection, burns: Sequence[Burn], totals: Sequence[Total]) -> None:
    """Write burns, new ones or as they are by now, and the totals. Raises sqlite3.Error."""
    with db:
        db.executemany("INSERT OR REPLACE INTO burns VALUES (?, ?, ?, ?, ?, ?, ?)", burns)
        db.executemany("INSERT OR REPLACE INTO totals VALUES (?, ?, ?, ?)", totals)
        db.execute("DELETE FROM burns WHERE id <= (SELECT max(id) FROM burns) - ?", (MOST_ROWS,))


def find(
    db: sqlite3.Connection, burner: str | None, since: float, after: int, most: int
) -> list[Burn]:
    """Burns with an id above `after` that ended since Unix time `since`. Raises sqlite3.Error."""
    found = db.execute(
        "SELECT * FROM burns WHERE id > ? AND ended >= ? AND (? IS NULL OR burner = ?) "
        "ORDER BY id LIMIT ?",
        (after, since, burner, burner, most),
    )
    return [Burn(*row) for row in found]


def prune(db: sqlite3.Connection, before: float, most: int) -> bool:
    """Delete at most `most` burns from before Unix time `before`; whether more are left.

    Raises sqlite3.Error.
    """
    with db:
        done = db.execute(
            "DELETE FROM burns WHERE id IN (SELECT id FROM burns "
            "WHERE ended < ? AND ended_by IS NOT NULL ORDER BY id LIMIT ?)",
            (before, most),
        )
    return done.rowcount == most
