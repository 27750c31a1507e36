"""The stove's own thermocouple as flame sensor: its millivolts come over MQTT, once a second."""

import pytest

from tests.support.kitchen import Kitchen, relay

SPEED = 20
"""Of the stove's physics: a thermocouple cools in one second instead of twenty."""


@pytest.fixture
def stove(make_kitchen) -> Kitchen:
    left = {
        "relay": relay(),
        "flame": {"driver": "thermocouple", "topic": "stove/left/thermocouple"},
        "limits": {"rearm_after": "2s", "flame_out_within": "4s"},
    }
    kitchen: Kitchen = make_kitchen(left=left)
    kitchen.process("simulate", "-c", str(kitchen.path), "--speed", str(SPEED))
    return kitchen


def say(ear, line: str) -> None:
    ear.publish(f"{ear.base}_sim/console/set", line)


def test_a_flame_is_seen_and_its_going_out_confirmed(stove):
    ear = stove.ear()
    stove.daemon()
    say(ear, "light left")
    ear.until(flame="lit", within=8)
    mark = ear.mark
    ear.send("left/off/set", "")
    ear.ack("confirmed")
    ear.until(flame="out", since=mark, within=8)
    ear.until(phase="ready", since=mark, within=8)
    assert "trip_failed" not in ear.events()


def test_a_welded_contact_is_found_out(stove):
    ear = stove.ear()
    stove.daemon()
    say(ear, "light left")
    ear.until(flame="lit", within=8)
    say(ear, "fault left welded on")
    ear.send("left/off/set", "")
    ear.ack("confirmed")
    failed = ear.event("trip_failed", within=10)
    assert "burns on" in failed["message"]
    state = ear.until(phase="trip_failed")
    assert state["contact"] == "open" and state["flame"] == "lit"
    assert state["locks"] == ["stuck"]


def test_a_thermocouple_that_falls_silent_is_unknown(make_kitchen):
    left = {
        "relay": relay(),
        "flame": {
            "driver": "thermocouple",
            "topic": "stove/left/thermocouple",
            "expire_after": "2s",
        },
    }
    kitchen: Kitchen = make_kitchen(left=left)
    _, _, ear = kitchen.start()
    ear.publish("stove/left/thermocouple", "16.2")
    ear.until(flame="lit")
    mark = ear.mark
    for nonsense in ("", "hot", "nan", "1e400", "[16.2]", "1" * 5000, "999"):
        ear.publish("stove/left/thermocouple", nonsense)
    ear.until(flame="unknown", since=mark, within=6)
    ear.publish("stove/left/thermocouple", "1.0")
    ear.until(flame="out", since=mark)
