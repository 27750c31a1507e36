"""The disk is full, or takes nothing: shutting off goes on, and nothing unsaved is acknowledged."""

import contextlib
import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.disaster.limits import limited
from tests.disaster.timing import TimerSet
from tests.support.receiver import Receiver
from tests.support.waiting import eventually


@contextlib.contextmanager
def mounted(folder: Path, *options: str) -> Iterator[bool]:
    """Mount something on `folder`; False, and nothing done, where that is not allowed."""
    folder.mkdir(exist_ok=True)
    sudo = [] if os.getuid() == 0 else ["sudo", "-n"]
    try:
        done = subprocess.run([*sudo, "mount", *options, str(folder)], capture_output=True)
    except OSError:
        done = None
    if done is None or done.returncode != 0:
        yield False
        return
    try:
        yield True
    finally:
        subprocess.run([*sudo, "umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Fill the file system of `folder` to the last byte."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        for size in (65536, 4096, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"x" * size)
    return filler


def test_a_disk_that_takes_no_byte_rejects_what_must_be_saved_and_delays_no_off(kitchen):
    """RLIMIT_FSIZE 0: every write to every file fails, the log's too."""
    kitchen.expected_errors = True  # the log of such a daemon may be cut anywhere
    stove, daemon, ear = kitchen.start()
    timer = TimerSet(kitchen, 3)
    with limited(daemon, resource.RLIMIT_FSIZE, 0):
        for command, value in (("timer", "20m"), ("timer/extend", "5m"), ("lock", "LOCK")):
            mark = ear.mark
            ear.send(f"left/{command}/set", value)
            assert ear.ack("rejected", since=mark, within=7)["code"] == "not_saved", command
        state = kitchen.ask()["left"]
        assert state["locks"] == []
        assert state["timer"]["duration_s"] == 3
        mark = ear.mark
        timer.ends_on_time(stove)
        ear.event("trip_confirmed", since=mark)
        ear.event("rearmed", since=mark, within=5)
        assert stove.circuit() == "closed"
        mark = ear.mark
        ear.send("left/off/set", {"id": "full"})
        assert ear.ack("confirmed", since=mark, within=3)["id"] == "full"
        assert stove.circuit() == "open"
        assert daemon.running
    mark = ear.mark
    ear.until(phase="ready", since=mark, within=8)
    ear.send("left/timer/set", "20m")
    assert ear.ack("accepted", since=mark, within=5)
    daemon.kill()
    mark = ear.mark
    kitchen.daemon()
    ear.wait("status", lambda one: one.text == "online", since=mark, within=10)
    assert kitchen.ask()["left"]["timer"]["duration_s"] == 1200
    ear.send("left/lock/set", "LOCK")
    ear.until(locks=["child"], since=mark)


def test_a_disk_that_fills_up_while_the_guard_runs(kitchen):
    """A small tmpfs. What is acknowledged on it has found its place, and survives kill -9."""
    with mounted(kitchen.state_dir, "-t", "tmpfs", "-o", "size=1M,mode=1777", "none") as small:
        if not small:
            pytest.skip("mounting needs root: the same row is covered with RLIMIT_FSIZE above")
        stove, daemon, ear = kitchen.start()
        assert kitchen.order("timer", "10m")[0]["status"] == "accepted"
        filler = fill(kitchen.state_dir)
        (answer,) = kitchen.order("timer", "20m")
        assert answer["status"] == "accepted" or answer["code"] == "not_saved", answer
        known = 1200 if answer["status"] == "accepted" else 600
        for _ in range(3):
            ear.send("left/timer/set", "bad")  # journal rows that find no room
        daemon.kill()
        filler.unlink()
        mark = ear.mark
        daemon = kitchen.daemon()
        assert kitchen.ask()["left"]["timer"]["duration_s"] == known
        fill(kitchen.state_dir)
        ear.wait("status", lambda one: one.text == "online", since=mark)
        mark = ear.mark
        ear.send("left/off/set", {"id": "full"})
        assert ear.ack("confirmed", since=mark, within=3)["id"] == "full"
        assert stove.circuit() == "open"
        assert daemon.stop() == 0


def test_a_start_on_a_full_disk_loses_nothing(kitchen):
    """The guard either runs, or says what is wrong and leaves every file as it was."""
    with mounted(kitchen.state_dir, "-t", "tmpfs", "-o", "size=1M,mode=1777", "none") as small:
        if not small:
            pytest.skip("mounting needs root")
        stove, daemon = kitchen.stove(), kitchen.daemon()
        assert kitchen.order("lock", "LOCK")[0]["status"] == "accepted"
        eventually(lambda: stove.circuit() == "open")
        daemon.kill()
        stove.tell("mihome left wired on")
        filler = fill(kitchen.state_dir)
        daemon = kitchen.run()
        eventually(lambda: not daemon.running or kitchen.ask(), 10, "it runs or ends")
        if daemon.running:
            eventually(lambda: stove.circuit() == "open", 3, "the lock is kept")
            daemon.kill()
        else:
            assert daemon.wait() == 2, daemon.output
            assert str(kitchen.state_dir) in daemon.output
        filler.unlink()
        assert not list(kitchen.state_dir.glob("*.damaged-*")), "a full disk is no damage"
        kitchen.daemon("locked_out")
        assert kitchen.ask()["left"]["locks"] == ["child"]
        assert stove.circuit() == "open"


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nobody can write there: root neither, which only a mount can do."""
    if os.getuid() != 0:
        folder.chmod(0o500)
        try:
            yield
        finally:
            folder.chmod(0o700)
        return
    with mounted(folder, "--bind", str(folder)) as done:
        assert done, "root cannot mount here"
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
        yield


def test_a_state_folder_that_became_read_only_is_named_and_left_as_it_is(kitchen):
    stove, daemon, ear = kitchen.start()
    assert kitchen.order("lock", "LOCK")[0]["status"] == "accepted"
    daemon.kill()
    stove.tell("mihome left wired on")
    before = {path.name for path in kitchen.state_dir.iterdir()}
    with read_only(kitchen.state_dir):
        mark = ear.mark
        daemon = kitchen.run()
        daemon.says(f"{kitchen.state_dir} cannot be written")
        ear.until(phase="locked_out", contact="open", since=mark, within=10)
        assert stove.circuit() == "open"
        daemon.stop()
    assert {path.name for path in kitchen.state_dir.iterdir()} == before
    kitchen.daemon("locked_out")
    assert kitchen.ask()["left"]["locks"] == ["child"]


def test_a_full_disk_holds_no_message_back(kitchen):
    receiver = Receiver()
    try:
        kitchen.data["messages"] = {"to": {"mum": receiver.url()}}
        kitchen.write()
        with mounted(kitchen.state_dir, "-t", "tmpfs", "-o", "size=1M,mode=1777", "none") as small:
            if not small:
                pytest.skip("mounting needs root")
            _, daemon, ear = kitchen.start()
            filler = fill(kitchen.state_dir)
            ear.send("left/off/set")
            receiver.until("was shut off")
            assert ear.event("message_sent")["to"] == "mum"
            daemon.says("messages.json cannot be written (No space left on device)")
            assert not (kitchen.state_dir / "messages.new").exists()
            filler.unlink()
            daemon.kill()
    finally:
        receiver.close()
