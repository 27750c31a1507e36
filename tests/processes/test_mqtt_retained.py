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


def left_there(kitchen: Kitchen) -> list[str]:
    """Commands that the broker keeps: whoever subscribes now is sent them before `status`."""
    later = kitchen.ear()
    later.wait("status")
    return [one.topic for one in later.heard if one.topic.endswith("/set")]


@pytest.mark.parametrize("topic", ["left/off", "all/off"])
@pytest.mark.parametrize("payload", ["OFF", '{"id": "x"}', ""])
def test_an_off_sent_live_with_retain_is_a_live_off_and_lies_nowhere(kitchen, topic, payload):
    stove, _, ear = kitchen.start()
    ear.send(f"{topic}/set", payload, retain=True)
    ear.ack("confirmed")
    assert stove.circuit() == "open"
    kitchen.rearm()
    never(lambda: ear.events().count("trip") > 1, 0.3, "the clearing was taken for an off")
    assert not left_there(kitchen)
    # A re-arm may come too late, behind that of the burner's own: that is another rejection.
    assert "retained" not in [one.json.get("code") for one in ear.on("left/event")]


@pytest.mark.parametrize("topic, asks, payload", RETAINED[1:])
def test_another_command_sent_live_with_retain_is_rejected_and_lies_nowhere(
    kitchen, topic, asks, payload
):
    stove, _, ear = kitchen.start()
    mark = ear.mark
    ear.send(f"{topic}/set", payload, retain=True)
    rejected = ear.event("command_rejected", since=mark)
    assert rejected["code"] == "retained"
    assert "without retain" in rejected["message"]
    answer = ear.wait("left/ack", since=mark).json
    assert (answer["command"], answer["code"]) == (asks, "retained")
    never(lambda: len(ear.on("left/ack", mark)) > 1, 0.3, "the clearing was taken for a command")
    assert not left_there(kitchen)
    state = ear.state()
    assert (state["phase"], state["timer"], state["locks"]) == ("ready", None, [])
    assert not stove.switched
    ear.send("left/off/set")
    ear.ack("confirmed", since=mark)


def test_more_stored_commands_than_a_broker_sends_at_once(make_kitchen):
    """mosquitto sends 20 before the first is acknowledged; the rest comes behind its answers."""
    names = [f"b{number}" for number in range(8)]
    kitchen: Kitchen = make_kitchen(**{name: burner() for name in names})
    before = kitchen.ear()
    for name in names:
        for topic, _, payload in RETAINED:
            before.send(f"{topic.replace('left', name)}/set", payload, retain=True)
    stove, _, ear = kitchen.start()
    for name in names:
        eventually(lambda name=name: len(ear.events(name)) == len(RETAINED))
        assert {one.json["code"] for one in ear.on(f"{name}/event")} == {"retained"}
    assert not stove.switched
    assert not left_there(kitchen)


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
