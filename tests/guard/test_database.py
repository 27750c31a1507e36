"""A database that is held up is not a damaged one."""

import sqlite3
from pathlib import Path

from gasguard.guard.store import FILE_NAME, Store
from gasguard.simulator import simtime


def test_one_that_somebody_else_has_is_not_set_aside(tmp_path: Path) -> None:
    async def story() -> None:
        await Store.open(tmp_path).aclose()
        other = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("CREATE TABLE theirs (x)")
        try:
            store = Store.open(tmp_path)
        finally:
            other.execute("ROLLBACK")
            other.close()
        assert not list(tmp_path.glob("*.damaged-*")), "what was saved is gone"
        assert store.trouble, "and that nothing can be written is told"
        await store.aclose()

    simtime.run(story())
