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


def test_a_retained_command_stays_and_the_event_says_how_to_clear_it(old_kitchen):
    before = old_kitchen.ear(mqtt5=False)
    before.send("left/off/set", "OFF", retain=True)
    stove, _, ear = start(old_kitchen)
    event = ear.event("command_rejected")
    assert event["code"] == "retained"
    assert "mosquitto_pub" in event["message"]
    assert f"{old_kitchen.base}/left/off/set" in event["message"]
    never(lambda: "trip" in ear.events() or stove.switched, 0.5, "a stored off carried out")
    later = old_kitchen.ear(mqtt5=False)
    later.wait("left/off/set", lambda one: one.payload == b"OFF")


def test_the_command_line_works_through_it(old_kitchen):
    stove, _, _ = start(old_kitchen)
    said = old_kitchen.remote("off", "left")
    assert said.code == 0, said
    assert said.out.startswith("left: off, confirmed in ")
    eventually(lambda: stove.circuit() == "open", 1)
    assert old_kitchen.remote("status").code == 0
