"""Stored and delayed commands are of unknown age: they are never carried out."""

import subprocess

import pytest

from tests.support.brokers import program
from tests.support.kitchen import Kitchen, burner
from tests.support.waiting import eventually, never

RETAINED = [
    ("left/off", "off", "OFF"),
    ("left/timer", "timer", "20m"),
    ("left/timer/extend", "timer/extend", "5m"),
    ("left/lock", "lock", "LOCK"),
    ("left/rearm", "rearm", "REARM"),
]


def test_retained_commands_are_answered_cleared_and_not_carried_out(make_kitchen):
    kitchen: Kitchen = make_kitchen(left=burner(), right=burner())
    before = kitchen.ear()
    for topic, _, payload in [*RETAINED, ("all/off", "off", "OFF")]:
        before.send(f"{topic}/set", payload, retain=True)
    stove, _, ear = kitchen.start()
    rejected = eventually(
        lambda: (
            [e.json for e in ear.on("left/event") if e.json["type"] == "command_rejected"][5:]
            and [e.json for e in ear.on("left/event") if e.json["type"] == "command_rejected"]
        )
    )
    assert {event["code"] for event in rejected} == {"retained"}
    assert ear.event("command_rejected", "right")["code"] == "retained"
    assert {a.json["code"] for a in ear.on("left/ack")} == {"retained"}
    assert {a.json["command"] for a in ear.on("left/ack")} == {c for _, c, _ in RETAINED}
    never(lambda: "trip" in ear.events() + ear.events("right"), 0.5, "a stored off carried out")
    assert not stove.switched
    state = ear.state()
    assert (state["phase"], state["timer"], state["locks"]) == ("ready", None, [])
    # Gone from the broker: whoever subscribes now finds none of them.
    later = kitchen.ear()
    later.wait("status")
    found = [one.topic for one in later.heard if one.topic.endswith("/set")]
    assert not found


def test_an_off_sent_live_with_retain_is_a_live_off_and_no_second_one_later(kitchen):
    stove, daemon, ear = kitchen.start()
    ear.send("left/off/set", "OFF", retain=True)
    ear.ack("confirmed")
    assert stove.circuit() == "open"
    kitchen.rearm()
    daemon.stop()
    mark, moved = ear.mark, len(stove.switched)
    kitchen.daemon()
    assert ear.event("command_rejected", since=mark)["code"] == "retained"
    never(lambda: "trip" in ear.events(since=mark), 0.3, "the old off carried out again")
    assert len(stove.switched) == moved


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_commands_sent_while_the_daemon_was_away_are_not_carried_out_later(kitchen, how):
    stove, daemon, ear = kitchen.start()
    daemon.kill() if how == "kill" else daemon.stop()
    ear.send("left/off/set", "OFF")
    ear.send("left/lock/set", "LOCK")
    ear.send("left/timer/set", "20m")
    mark = ear.mark
    kitchen.daemon()
    ear.wait("status", lambda one: one.text == "online", since=mark)
    never(lambda: ear.events(since=mark) or stove.switched, 0.5, "an old command carried out")
    assert ear.state()["timer"] is None
    assert not ear.on("left/ack", since=mark)


def test_commands_sent_while_the_broker_was_away_from_the_daemon_are_lost(make_kitchen, own_broker):
    """The daemon lives, its connection is cut: what others send meanwhile is stale."""
    kitchen: Kitchen = make_kitchen(broker=own_broker)
    stove, daemon, ear = kitchen.start()
    own_broker.stop()
    eventually(lambda: "connection lost" in daemon.output, 5, "the daemon notices")
    own_broker.start()
    mark = ear.mark
    ear.wait("status", lambda one: one.text == "online", since=mark, within=13)
    never(lambda: "trip" in ear.events(since=mark), 0.3)
    assert not stove.switched
    ear.send("left/off/set")
    ear.ack("confirmed", since=mark)


def test_a_huge_retained_message_is_left_with_the_broker(make_kitchen, own_broker, tmp_path):
    """Anybody who may write one command topic could fill the daemon's memory, at every start."""
    kitchen: Kitchen = make_kitchen(broker=own_broker, left=burner())
    huge = tmp_path / "huge"
    huge.write_bytes(b"x" * 100_000_000)
    for topic in ("left/off/set", "status"):
        subprocess.run(
            [
                *(program("mosquitto_pub"), "-p", str(own_broker.port), "-r", "-q", "1"),
                *("-t", f"{kitchen.base}/{topic}", "-f", str(huge)),
            ],
            check=True,
            timeout=30,
        )
    kitchen.stove()
    daemon = kitchen.daemon()
    assert kitchen.remote("off", "left").code == 0
    assert daemon.memory() < 120_000_000
