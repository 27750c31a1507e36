"""A flame sensor that is silent, misunderstood, bounces or lies: with real processes."""

import json
import time
from typing import Any

import pytest

from tests.support.kitchen import Kitchen, relay


@pytest.fixture
def sensed(make_kitchen):
    """A burner whose flame sensor is the test itself, and its topic."""

    def make(limits: dict[str, Any], **flame: Any) -> tuple[Kitchen, str]:
        kitchen: Kitchen = make_kitchen(left={"relay": relay()})
        topic = f"{kitchen.base}_stove/left"
        left = kitchen.data["burners"]["left"]
        left["flame"] = {"driver": "mqtt", "topic": topic, **flame}
        left["limits"] = {"rearm_after": "2s", **limits}
        kitchen.write()
        return kitchen, topic

    return make


def doctor_says(kitchen: Kitchen, what: str) -> str:
    """What `doctor` has to say of it."""
    return next(line for line in kitchen.local("doctor").out.splitlines() if line.startswith(what))


def test_a_sensor_that_falls_silent_over_a_welded_contact_is_no_burner_that_is_out(sensed):
    kitchen, topic = sensed({"flame_out_within": "4s"}, expire_after="2s")
    stove, _, ear = kitchen.start()
    stove.light("left")
    stove.tell("fault left welded on")
    ear.publish(topic, "lit")
    ear.until(flame="lit")
    ear.send("left/off/set", "")
    ear.ack("confirmed")
    failed = ear.event("trip_failed", within=10)
    assert "no sensor says that the flame is out" in failed["message"]
    state = ear.until(phase="trip_failed")
    assert (
        state["locks"] == ["stuck"] and state["contact"] == "open" and state["flame"] == "unknown"
    )
    assert stove.flame("left")
    assert "rearmed" not in ear.events()


def test_a_sensor_that_dies_while_it_says_out_does_not_end_max_burn(sensed):
    kitchen, topic = sensed({"max_burn": "10s"}, expire_after="3s")
    stove, _, ear = kitchen.start(speed=5)
    ear.publish(topic, "out")
    ear.until(flame="out")
    mark = ear.mark
    stove.light("left")
    silent = ear.event("sensor_silent", within=6)
    assert silent["sensor"] == "flame" and "max_burn counts on" in silent["message"]
    state = ear.until(flame="unknown", since=mark)
    assert state["must_end_at"] and "expire_after" in state["sensor_problems"]["flame"]
    row = doctor_says(kitchen, "flame left")
    assert "fail" in row and "expire_after" in row
    trip = ear.event("trip", within=16)
    assert trip["reason"] == "max_burn" and "no sound word of the flame" in trip["message"]
    ear.until(contact="open")
    assert not stove.flame("left")


@pytest.mark.long
@pytest.mark.parametrize("words", ['{"contact": true}', "burning", "", "21.5"])
def test_a_sensor_that_nobody_understands_does_not_end_max_burn(sensed, words):
    kitchen, topic = sensed({"max_burn": "10s"})
    stove, daemon, ear = kitchen.start(speed=5)
    stove.light("left")
    began = time.monotonic()
    ear.publish(topic, words)
    daemon.says("burners.left.flame: s")
    assert ear.event("sensor_silent")["sensor"] == "flame"
    row = doctor_says(kitchen, "flame left")
    assert "fail" in row
    while "trip" not in ear.events() and time.monotonic() < began + 20:
        ear.publish(topic, words)
        time.sleep(0.5)
    assert ear.event("trip")["reason"] == "max_burn"
    ear.until(contact="open")
    assert not stove.flame("left")


def test_a_glitch_does_not_begin_max_burn_anew(sensed):
    kitchen, topic = sensed({"max_burn": "10s"})
    stove, _, ear = kitchen.start()
    stove.light("left")
    ear.publish(topic, "lit")
    must_end_at = ear.until(flame="lit")["must_end_at"]
    time.sleep(2)
    ear.publish(topic, "out")
    ear.until(flame="out")
    mark = ear.mark
    ear.publish(topic, "lit")
    assert ear.until(flame="lit", since=mark)["must_end_at"] == must_end_at
    assert ear.event("trip", within=12)["reason"] == "max_burn"


def test_one_that_is_offline_or_has_no_words_left_is_told(sensed):
    kitchen, topic = sensed({}, availability={"topic": "zigbee2mqtt_here/stove/availability"})
    _, _, ear = kitchen.start()
    ear.publish(topic, json.dumps({"flame": "out"}))
    ear.until(flame="out")
    ear.publish("zigbee2mqtt_here/stove/availability", "offline")
    assert "cannot be heard" in ear.event("sensor_silent")["message"]
    ear.until(flame="unknown")
    ear.publish("zigbee2mqtt_here/stove/availability", json.dumps({"state": "online"}))
    assert ear.event("sensor_recovered")["sensor"] == "flame"


def test_a_bouncing_sensor_leaves_the_disk_to_those_who_need_it(sensed):
    kitchen, topic = sensed({})
    _, _, ear = kitchen.start()
    end = time.monotonic() + 3
    while time.monotonic() < end:
        ear.publish(topic, "lit")
        ear.publish(topic, "out")
        time.sleep(0.01)
    assert kitchen.order("timer", "20m")[-1]["status"] == "accepted"
    changes = [event for event in ear.events() if event in ("flame_lit", "flame_out")]
    assert len(changes) < 12, "a bounce is one word"


@pytest.mark.parametrize("cooking", ["timer", "flame"])
def test_what_mi_home_shut_off_while_the_guard_was_away_is_a_trip(sensed, cooking):
    kitchen, topic = sensed({"rearm_after": "4s"})
    stove, daemon, ear = kitchen.start()
    stove.light("left")
    if cooking == "timer":
        assert kitchen.order("timer", "20m")[-1]["status"] == "accepted"
    else:
        ear.publish(topic, "lit")
        ear.until(flame="lit")
    daemon.kill()
    stove.tell("mihome left off")
    mark = ear.mark
    kitchen.run()
    state = ear.until(phase="tripped", since=mark, within=10)
    opened = time.monotonic()
    assert (state["last_trip"]["reason"], state["last_trip"]["source"]) == ("voice", "mi_home")
    assert state["timer"] is None
    if cooking == "flame":
        ear.publish(topic, "out")
    ear.until(phase="ready", since=mark, within=12)
    assert time.monotonic() - opened > 3.5, "rearm_after was not over"
    assert "voice" in kitchen.local("history").out


def test_a_second_program_on_the_relay_is_told_with_what_it_did(sensed):
    kitchen, _ = sensed({})
    stove, _, ear = kitchen.start()
    assert kitchen.order("lock", "LOCK")[0]["status"] == "accepted"
    ear.until(phase="locked_out", contact="open")
    for _ in range(2):
        mark = ear.mark
        stove.tell("mihome left on")
        trip = ear.event("trip", since=mark, within=8)
        assert "closed from outside" in trip["message"]
        ear.until(phase="locked_out", contact="open", since=mark)
    problem = ear.state()["relay"]["problem"]
    assert "closed it 2 times" in problem and "second gasguard" in problem
    row = doctor_says(kitchen, "relay left switched")
    assert "warn" in row and "2 times" in row
