"""A broker that only speaks MQTT 3.1.1: the daemon falls back, and everything works."""

import pytest

from tests.support.kitchen import Kitchen
from tests.support.waiting import eventually, never


@pytest.fixture
def old_kitchen(make_kitchen, old_broker) -> Kitchen:
    return make_kitchen(broker=old_broker)


def start(kitchen: Kitchen):
    stove, ear = kitchen.stove(), kitchen.ear(mqtt5=False)
    daemon = kitchen.daemon()
    ear.wait("status", lambda one: one.text == "online", within=10)
    return stove, daemon, ear


def test_the_daemon_falls_back_and_shuts_off(old_kitchen):
    stove, daemon, ear = start(old_kitchen)
    assert "3.1.1" in daemon.output
    ear.send("left/timer/set", '{"duration": "20m", "id": "t"}')
    assert ear.ack("accepted")["id"] == "t"
    mark = ear.mark
    ear.send("left/off/set", '{"id": "o"}')
    assert ear.ack("confirmed", since=mark)["id"] == "o"
    assert ear.state()["phase"] == "tripped"
    assert stove.circuit() == "open"


def test_a_killed_daemon_is_offline_there_too(old_kitchen):
    _, daemon, ear = start(old_kitchen)
    mark = ear.mark
    daemon.kill()
    ear.wait("status", lambda one: one.text == "offline", since=mark)


def kept(kitchen: Kitchen) -> list[str]:
    """Commands that the broker keeps."""
    later = kitchen.ear(mqtt5=False)
    later.wait("status")
    return [one.topic.removeprefix(f"{kitchen.base}/") for one in later.heard if one.retain]


@pytest.fixture(params=["amqtt", "mosquitto"])
def either_kitchen(request, make_kitchen) -> Kitchen:
    """On a broker that knows 3.1.1 only, and told to speak that on one that knows more."""
    if request.param == "amqtt":
        return make_kitchen(broker=request.getfixturevalue("old_broker"))
    return make_kitchen(top={"mqtt": {"protocol": "3.1.1"}})


@pytest.mark.parametrize("topic", ["left/off/set", "all/off/set"])
def test_a_retained_off_does_nothing_and_goes_with_the_next_shutoff(either_kitchen, topic):
    kitchen = either_kitchen
    kitchen.ear(mqtt5=False).send(topic, "OFF", retain=True)
    stove, _, ear = start(kitchen)
    event = ear.event("command_rejected")
    assert event["code"] == "retained"
    # An empty message is how one clears, and on this topic it shuts off: no such advice.
    assert "mosquitto_pub" not in event["message"]
    assert f"{kitchen.base}/{topic}" in event["message"]
    assert "is cleared when left is off next" in event["message"]
    never(lambda: "trip" in ear.events() or stove.switched, 0.5, "a stored off carried out")
    assert topic in kept(kitchen)
    ear.send("left/off/set", {"id": "live"})
    assert ear.ack("confirmed")["id"] == "live"
    eventually(lambda: topic not in kept(kitchen), 2, "cleared", every=0.2)
    kitchen.rearm()
    mark = ear.mark
    never(lambda: "trip" in ear.events(since=mark), 0.5, "the clearing came too late")


def test_other_retained_commands_are_cleared_at_once(either_kitchen):
    kitchen = either_kitchen
    before = kitchen.ear(mqtt5=False)
    commands = {"timer": "20m", "timer/extend": "5m", "lock": "LOCK", "rearm": "REARM"}
    for asks, payload in commands.items():
        before.send(f"left/{asks}/set", payload, retain=True)
    stove, _, ear = start(kitchen)
    eventually(lambda: len(ear.on("left/ack")) >= len(commands))
    never(lambda: len(ear.on("left/ack")) > len(commands), 0.5, "the clearing was answered")
    assert {one.json["code"] for one in ear.on("left/ack")} == {"retained"}
    assert not [topic for topic in kept(kitchen) if topic.endswith("/set")]
    assert not stove.switched
    mark = ear.mark
    ear.send("left/timer/set", "")
    assert ear.ack("rejected", since=mark)["code"] != "retained"


def test_the_command_line_works_through_it(old_kitchen):
    stove, _, _ = start(old_kitchen)
    said = old_kitchen.remote("off", "left")
    assert said.code == 0, said
    assert said.out.startswith("left: off, confirmed in ")
    eventually(lambda: stove.circuit() == "open", 1)
    assert old_kitchen.remote("status").code == 0
