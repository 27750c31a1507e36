"""The state folder: unusable, damaged, full."""

import os

import pytest

from tests.support.kitchen import Kitchen
from tests.support.waiting import eventually, never


def test_a_state_folder_that_cannot_be_made_is_a_bad_configuration(make_kitchen, tmp_path):
    (tmp_path / "file").write_text("in the way")
    kitchen: Kitchen = make_kitchen(top={"state_dir": str(tmp_path / "file" / "state")})
    said = kitchen.cli("run", "-c", str(kitchen.path))
    assert said.code == 2, said
    assert "state_dir" in said.err
    assert str(tmp_path / "file") in said.err


def test_a_state_folder_without_permission_is_a_bad_configuration(make_kitchen):
    folder = "/proc/gasguard"  # not even root makes a folder there
    kitchen: Kitchen = make_kitchen(top={"state_dir": folder})
    said = kitchen.cli("run", "-c", str(kitchen.path))
    assert said.code == 2, said
    assert folder in said.err


@pytest.mark.parametrize("damage", ["garbage", "truncated", "nonsense inside"])
def test_a_damaged_store_locks_out_until_a_local_rearm(kitchen, damage):
    stove, daemon, ear = kitchen.start()
    kitchen.order("timer", "20m")
    daemon.stop()
    eventually(lambda: stove.circuit() == "open")
    stove.tell("mihome left wired on")
    db = kitchen.state_dir / "guard.db"
    if damage == "garbage":
        db.write_bytes(os.urandom(8192))
    elif damage == "truncated":
        db.write_bytes(db.read_bytes()[:5000])
    else:
        import sqlite3

        with sqlite3.connect(db) as connection:
            connection.execute("UPDATE guard SET record = '{\"timer\": [}'")
        connection.close()
    mark = ear.mark
    daemon = kitchen.daemon("locked_out")
    assert kitchen.ask()["left"]["locks"] == ["restart"]
    eventually(lambda: stove.circuit() == "open", 3)
    aside = [path.name for path in kitchen.state_dir.iterdir() if "damaged" in path.name]
    assert aside
    assert aside[0] in daemon.output
    ear.wait("status", lambda one: one.text == "online", since=mark)
    mark = ear.mark
    ear.send("left/rearm/set", "REARM")
    assert ear.ack("rejected", since=mark)["code"] == "remote_rearm"
    daemon.kill()
    kitchen.daemon("locked_out")
    assert kitchen.ask()["left"]["locks"] == ["restart"], "it survives a restart"
    assert kitchen.local("rearm", "left").code == 0
    eventually(lambda: stove.circuit() == "closed", 3)
    eventually(lambda: kitchen.ask()["left"]["phase"] == "ready", 3)


def test_a_disk_that_stops_taking_writes_does_not_stop_an_off(kitchen):
    """A write lock held by somebody else stands for a disk that does not answer."""
    import sqlite3

    stove, _, ear = kitchen.start()
    blocker = sqlite3.connect(kitchen.state_dir / "guard.db", isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")
    try:
        mark = ear.mark
        ear.send("left/timer/set", "20m")
        ear.send("left/off/set")
        eventually(lambda: stove.circuit() == "open", 1, "the off does not wait for the disk")
        ear.ack("confirmed", since=mark)
        rejected = ear.ack("rejected", since=mark, within=8)
        assert rejected["code"] == "not_saved"
        assert ear.state()["timer"] is None
    finally:
        blocker.execute("ROLLBACK")
        blocker.close()
    never(lambda: (kitchen.ask() or {})["left"]["timer"], 0.3)
    mark = ear.mark
    ear.send("left/timer/set", "20m")
    ear.ack("accepted", since=mark, within=8)
