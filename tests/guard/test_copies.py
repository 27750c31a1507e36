"""Copies of the state: as of one moment, and never the reason why a burner is let go."""

import contextlib
import shutil
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gasguard.core.model import Lock, Source, Timer
from gasguard.core.recovery import Record, Stamp
from gasguard.errors import StoreError
from gasguard.guard import records
from gasguard.guard.copies import copied, saved_in, succeeding
from gasguard.guard.database import connect, is_after_damage, mark_after_damage, open_or_create
from gasguard.guard.store import FILE_NAME
from tests.guard.test_old_states import STATES

STAMP = Stamp("boot-1", 100.0, 1_790_000_000.0, True)
TIMER = Timer(deadline=700.0, duration=600.0, source=Source.CLI, label=None)
Change = Callable[[sqlite3.Connection], object]


def stored(folder: Path, *changes: Change, **burners: Record) -> Path:
    """A state's file with these records."""
    folder.mkdir(exist_ok=True)
    with contextlib.closing(database(folder / FILE_NAME)) as db:
        for burner, record in burners.items():
            records.save(db, burner, record, STAMP)
        for change in changes:
            change(db)
        db.commit()
    return folder / FILE_NAME


def database(path: Path) -> sqlite3.Connection:
    db = open_or_create(path)
    assert isinstance(db, sqlite3.Connection)
    return db


def after(tmp_path: Path, then: Record, now: Record) -> Record:
    """What a restored state says of `left`, which was so then and is so now."""
    data = copied(stored(tmp_path / "then", left=then))
    present = stored(tmp_path / "now", left=now)
    return saved_in(succeeding(data, present))["left"][0]


@pytest.mark.parametrize("file", ["schema-1.db", "schema-2.db"])
def test_states_of_earlier_versions_are_copied_and_brought_up_to_date(tmp_path: Path, file: str):
    data = copied(STATES / file)
    (tmp_path / FILE_NAME).write_bytes(succeeding(data, tmp_path / "none"))
    with contextlib.closing(connect(tmp_path / FILE_NAME)) as db:
        assert records.load(db) == saved_in(data)


def test_what_a_kill_has_left_in_the_log_is_in_the_copy(tmp_path: Path):
    path = stored(tmp_path, left=Record())
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("PRAGMA wal_autocheckpoint = 0")
    records.save(writer, "left", Record(locks=(Lock.CHILD,)), STAMP)
    assert saved_in(copied(path))["left"][0].locks == (Lock.CHILD,)
    writer.close()


def test_while_it_is_written_each_copy_is_one_moment(tmp_path: Path):
    """Two rows that are always written together are never seen apart."""
    path = stored(tmp_path, left=Record(), right=Record())
    ended = threading.Event()

    def write() -> None:
        with contextlib.closing(connect(path)) as db:
            number = 0
            while not ended.is_set():
                number += 1
                with db:
                    db.execute("UPDATE guard SET wall = ?, checksum = NULL", (float(number),))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        walls = [[stamp.wall for _, stamp in saved_in(copied(path)).values()] for _ in range(30)]
    finally:
        ended.set()
        writer.join()
    assert all(left == right for left, right in walls)
    assert len({left for left, _ in walls}) > 1


def test_a_copy_is_only_read(tmp_path: Path):
    path = stored(tmp_path, left=Record())
    before = path.read_bytes()
    copied(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("where", ["then", "now"])
def test_locks_of_then_and_of_now_hold(tmp_path: Path, where: str):
    locked, free = Record(locks=(Lock.GAS_ALARM,), reporting=("kitchen",)), Record()
    pair = (locked, free) if where == "then" else (free, locked)
    restored = after(tmp_path, *pair)
    assert restored.locks == (Lock.GAS_ALARM,)
    assert restored.reporting == ("kitchen",)


@pytest.mark.parametrize(
    "now",
    [
        Record(timer=TIMER),
        Record(burning_since=5.0),
        Record(unseen_since=5.0),
        Record(held_open=True),
    ],
    ids=["timer", "burning", "unseen", "held open"],
)
def test_a_burner_that_is_in_use_now_is_opened_first(tmp_path: Path, now: Record):
    assert after(tmp_path, Record(), now).held_open


def test_the_timer_of_then_comes_back(tmp_path: Path):
    restored = after(tmp_path, Record(timer=TIMER), Record())
    assert restored == Record(timer=TIMER)


def test_a_burner_that_there_was_not_then_keeps_what_holds_it(tmp_path: Path):
    data = copied(stored(tmp_path / "then", left=Record()))
    present = stored(tmp_path / "now", right=Record(locks=(Lock.STUCK,)), back=Record())
    restored = saved_in(succeeding(data, present))
    assert restored["right"][0] == Record(locks=(Lock.STUCK,))
    assert "back" not in restored


def test_over_a_damaged_state_every_burner_is_locked(tmp_path: Path):
    data = copied(stored(tmp_path / "then", left=Record(timer=TIMER)))
    present = stored(tmp_path / "now", left=Record(locks=(Lock.CHILD,)))
    present.write_bytes(present.read_bytes()[:5000])
    (tmp_path / "new").write_bytes(succeeding(data, present))
    with contextlib.closing(connect(tmp_path / "new")) as db:
        assert is_after_damage(db)
        assert records.load(db)["left"][0] == replace(Record(timer=TIMER), locks=(Lock.RESTART,))


@pytest.mark.parametrize("where", ["then", "now"])
def test_that_an_earlier_one_was_damaged_is_not_forgotten(tmp_path: Path, where: str):
    then = stored(tmp_path / "then", *([mark_after_damage] if where == "then" else []))
    now = stored(tmp_path / "now", *([mark_after_damage] if where == "now" else []))
    (tmp_path / "new").write_bytes(succeeding(copied(then), now))
    with contextlib.closing(connect(tmp_path / "new")) as db:
        assert is_after_damage(db)


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TRIGGER t AFTER INSERT ON guard BEGIN DELETE FROM guard; END;",
        "CREATE TABLE more (x);",
        "CREATE VIEW v AS SELECT 1;",
        "DROP TABLE memory;",
        "DROP TABLE guard; CREATE VIEW guard AS SELECT 1;",
        "PRAGMA user_version = 99;",
        "UPDATE guard SET record = '{}', checksum = NULL;",
        "UPDATE guard SET boot = boot + 1;",
        "UPDATE guard SET record = replace(record, 'false', 'true');",
    ],
)
def test_a_file_that_gasguard_has_not_written_is_refused(tmp_path: Path, script: str):
    path = stored(tmp_path, lambda db: db.executescript(script), left=Record())
    with pytest.raises(StoreError):
        copied(path)
    with pytest.raises(StoreError):
        saved_in(path.read_bytes())


def test_so_is_one_that_is_cut_off_or_none(tmp_path: Path):
    whole = copied(stored(tmp_path, left=Record()))
    for data in (b"", whole[:100], whole[:600], whole[:4096], whole[:-1], b"x" * 9000):
        with pytest.raises(StoreError):
            saved_in(data)


def test_what_is_not_there_is_said_so(tmp_path: Path):
    with pytest.raises(StoreError, match="No such file"):
        copied(tmp_path / FILE_NAME)
    shutil.copy(STATES / "schema-2.db", tmp_path / FILE_NAME)
    assert len(saved_in(copied(tmp_path / FILE_NAME))) == 3
