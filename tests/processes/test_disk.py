"""The state folder: unusable, damaged, full."""

import os
import subprocess
import time

import pytest

from tests.support.ear import Ear
from tests.support.kitchen import Kitchen, burner
from tests.support.namespaces import enter
from tests.support.waiting import eventually, never, wait_until


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


def test_a_timer_that_ended_opens_though_the_card_is_read_only(kitchen, read_only):
    stove, daemon, ear = kitchen.start()
    kitchen.order("timer", "2s")
    set_at = time.monotonic()
    daemon.kill()
    wait_until(set_at + 2.2)
    assert stove.circuit() == "closed"
    read_only(kitchen)
    mark = ear.mark
    daemon = kitchen.run()
    eventually(lambda: stove.circuit() == "open", 6, "the overdue timer opens")
    assert ear.event("trip", since=mark, within=10)["reason"] == "timer"
    daemon.says("cannot be written")
    daemon.says("no local commands")
    told = ear.until(phase="ready", since=mark, within=6)["troubles"]
    assert any(one.startswith("state: ") and "cannot be written" in one for one in told), told
    ear.send("left/timer/set", "20m")
    assert ear.ack("rejected", since=mark)["code"] == "not_saved"
    ear.send("left/off/set")
    ear.ack("confirmed", since=mark)
    assert daemon.output.count("state not saved") == 1
    assert daemon.running


def test_a_card_that_can_be_written_again_is(kitchen, read_only):
    _, daemon, ear = kitchen.start()
    daemon.kill()
    read_only(kitchen)
    mark = ear.mark
    daemon = kitchen.run()
    ear.until(phase="ready", since=mark, within=10)
    ear.send("left/off/set")
    ear.ack("confirmed", since=mark)
    remount = ["mount", "-o", "remount,bind,rw", str(kitchen.state_dir)]
    subprocess.run([*enter(daemon.pid, "--mount"), *remount], check=True, timeout=10)
    daemon.says("the state can be written again", within=5)
    assert any(one.startswith("local socket: ") for one in ear.state()["troubles"])
    eventually(lambda: "troubles" not in ear.state(), 14, "published though nothing else changed")
    assert ear.state()["phase"] == "ready"
    mark = ear.mark
    ear.send("left/timer/set", "20m")
    ear.ack("accepted", since=mark)
    daemon.says("local commands work", within=8)
    assert kitchen.local("status").code == 0


def test_a_read_only_card_without_a_record_locks_out(kitchen, read_only):
    """The state folder is there and empty: it may have held a latch."""
    stove, daemon, ear = kitchen.start()
    daemon.kill()
    for file in kitchen.state_dir.iterdir():
        file.unlink()
    read_only(kitchen)
    mark = ear.mark
    kitchen.run()
    assert ear.until(phase="locked_out", since=mark, within=10)["locks"] == ["restart"]
    eventually(lambda: stove.circuit() == "open", 3)


@pytest.mark.parametrize("found", ["damaged", "gone"])
def test_a_card_that_comes_back_takes_a_new_record_where_the_old_one_is_lost(
    kitchen, read_only, found
):
    _, daemon, ear = kitchen.start()
    daemon.kill()
    db = kitchen.state_dir / "guard.db"
    if found == "damaged":
        db.write_bytes(bytes(8192))
    else:
        for file in kitchen.state_dir.iterdir():
            file.unlink()
    read_only(kitchen)
    mark = ear.mark
    daemon = kitchen.run()
    ear.until(phase="locked_out", since=mark, within=10)
    remount = ["mount", "-o", "remount,bind,rw", str(kitchen.state_dir)]
    subprocess.run([*enter(daemon.pid, "--mount"), *remount], check=True, timeout=10)
    eventually(lambda: "state" not in str(ear.state().get("troubles")), 14, "it is written again")
    mark = ear.mark
    ear.send("left/lock/set", "LOCK")
    ear.ack("accepted", since=mark)
    daemon.kill()
    kitchen.before = []
    kitchen.daemon("locked_out")
    assert sorted(kitchen.ask()["left"]["locks"]) == ["child", "restart"], "both are on disk"
    assert bool(list(kitchen.state_dir.glob("*.damaged-*"))) == (found == "damaged")


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


_SLOW_CARD = """
import sqlite3, time

class Slow(sqlite3.Connection):
    def __exit__(self, *error):
        time.sleep(0.015)
        return super().__exit__(*error)

sqlite3.connect = lambda *args, plain=sqlite3.connect, **more: plain(*args, factory=Slow, **more)
"""
"""For Python's start: every commit takes 15 ms longer, as an SD card's fsync does."""


@pytest.mark.long
def test_a_bouncing_sensor_on_a_slow_card_keeps_no_timer_and_no_lock_from_it(
    make_kitchen, tmp_path
):
    """100 changes a second for 20 s: what came after them was `not_saved` for minutes."""
    (tmp_path / "sitecustomize.py").write_text(_SLOW_CARD)
    left = burner(flame={"driver": "mqtt", "topic": "set below"})
    kitchen: Kitchen = make_kitchen(left=left)
    left["flame"]["topic"] = f"{kitchen.base}_sensors/flame"
    kitchen.write()
    stove, ear = kitchen.stove(), kitchen.ear()
    daemon = kitchen.run(env={"PYTHONPATH": str(tmp_path)})
    ear.until(phase="ready", within=15)
    sensor = Ear(kitchen.broker.port, f"{kitchen.base}_sensors")
    try:
        began, before = time.monotonic(), daemon.memory()
        for turn in range(2000):
            sensor.send("flame", "out" if turn % 2 else "lit", wait=False)
            wait_until(began + turn / 100)
            if turn == 1000:
                assert kitchen.order("timer", "20m")[0]["status"] == "accepted"
        assert kitchen.order("timer", "10m")[0]["status"] == "accepted"
        (locked,) = kitchen.order("lock", "LOCK")
        assert locked["status"] == "accepted"
        eventually(lambda: stove.circuit() == "open", 3)
        assert daemon.memory() - before < 20_000_000
    finally:
        sensor.close()
