"""What systemd starts when it has given up on the daemon: opens what was in use, nothing else."""

import os
import time

import pytest

from tests.support.kitchen import Kitchen, burner
from tests.support.waiting import eventually


@pytest.fixture
def four(make_kitchen) -> Kitchen:
    """Burners with a timer, a child lock, an unmet demand, and one that is not in use."""
    return make_kitchen(timed=burner(), locked=burner(), demanded=burner(), idle=burner())


def accepted(kitchen: Kitchen, burner: str, command: str, value: str = "") -> None:
    (ack, *_) = kitchen.order(command, value, burner=burner)
    assert ack["status"] == "accepted", ack


def test_after_kill_9_only_burners_in_use_are_opened(four):
    stove, daemon, ear = four.start()
    accepted(four, "timed", "timer", "20m")
    accepted(four, "locked", "lock", "LOCK")
    eventually(lambda: stove.circuit("locked") == "open")
    stove.fault("demanded", offline=True)
    ear.send("demanded/off/set")
    ear.ack("accepted", "demanded")
    daemon.kill()
    stove.fault("demanded", offline=False)
    stove.tell("mihome locked wired on")
    assert {stove.circuit(name) for name in four.data["burners"]} == {"closed"}

    said = four.local("open-guarded")
    assert said.code == 0, said
    assert {name: stove.circuit(name) for name in four.data["burners"]} == {
        "timed": "open", "locked": "open", "demanded": "open", "idle": "closed",
    }  # fmt: skip
    assert "idle" not in said.out


def test_where_nothing_was_in_use_nothing_is_opened(kitchen):
    stove, daemon = kitchen.stove(), kitchen.daemon()
    accepted(kitchen, "left", "timer", "20m")
    accepted(kitchen, "left", "timer", "cancel")
    daemon.kill()
    said = kitchen.local("open-guarded")
    assert (said.code, said.out) == (0, "no burner was in use\n"), said
    assert not stove.switched


@pytest.mark.parametrize("damage", ["garbage", "one digit", "gone"])
def test_with_a_damaged_store_every_burner_is_opened(four, damage):
    stove, daemon = four.stove(), four.daemon()
    accepted(four, "timed", "timer", "20m")
    daemon.kill()
    path = four.state_dir / "guard.db"
    if damage == "gone":
        for file in four.state_dir.glob("guard.db*"):
            file.unlink()
    elif damage == "garbage":
        path.write_bytes(os.urandom(8192))
    else:
        data = path.read_bytes()
        assert b'"duration": 1200.0' in data
        path.write_bytes(data.replace(b'"duration": 1200.0', b'"duration": 1900.0'))
        (four.state_dir / "guard.db-wal").unlink()
    said = four.local("open-guarded")
    assert said.code == 0, said
    assert "opening every burner" in said.err
    assert {stove.circuit(name) for name in four.data["burners"]} == {"open"}


def test_a_relay_that_does_not_answer_is_tried_until_the_time_is_up(kitchen):
    stove, daemon = kitchen.stove(), kitchen.daemon()
    accepted(kitchen, "left", "timer", "20m")
    daemon.kill()
    stove.fault(offline=True)
    began = time.monotonic()
    said = kitchen.cli("open-guarded", "-c", str(kitchen.path), "--seconds", "2")
    assert said.code == 1, said
    assert "left: NOT OPENED" in said.out
    assert time.monotonic() - began > 2
