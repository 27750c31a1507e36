"""Gas, smoke and heat alarms behind the broker: they shut off and latch, their silence is told."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.kitchen import Kitchen, burner
from tests.support.waiting import eventually

GAS = {"driver": "mqtt", "kind": "gas_alarm"}


@pytest.fixture
def gas_kitchen(make_kitchen: Callable[..., Kitchen]) -> Callable[..., tuple[Kitchen, str]]:
    """Two burners that heed a gas alarm, and the alarm's topic, which is this kitchen's alone."""

    def make(**settings: Any) -> tuple[Kitchen, str]:
        kitchen = make_kitchen(left=burner(), right=burner())
        topic = f"{kitchen.base}_zigbee/kitchen gas"
        kitchen.data["hazards"] = {"kitchen_gas": {**GAS, "topic": topic, **settings}}
        kitchen.write()
        return kitchen, topic

    return make


def reports(gas: bool) -> str:
    """As Zigbee2MQTT publishes it."""
    return json.dumps({"battery": 100, "gas": gas, "linkquality": 120, "tamper": False})


def test_a_gas_alarm_shuts_every_burner_off_until_it_is_over_and_somebody_re_arms(gas_kitchen):
    kitchen, topic = gas_kitchen()
    _, _, ear = kitchen.start()
    ear.publish(topic, reports(gas=True))
    for name in ("left", "right"):
        state = ear.until(name, phase="locked_out", locks=["gas_alarm"], contact="open")
        assert state["last_trip"]["reason"] == "gas_alarm"
        assert state["hazards"] == {"kitchen_gas": "alarm"}
    refused = kitchen.local("rearm", "left")
    assert refused.code == 1, refused
    assert "kitchen_gas (gas_alarm) still reports" in refused.err + refused.out
    ear.publish(topic, reports(gas=False))
    ear.until(hazards={"kitchen_gas": "clear"})
    mark = ear.mark
    assert kitchen.local("rearm", "left").code == 0
    ear.until(phase="ready", since=mark)
    assert ear.state("right")["phase"] == "locked_out"


def test_an_alarm_from_before_a_kill_still_holds_the_burner(gas_kitchen):
    kitchen, topic = gas_kitchen()
    _, daemon, ear = kitchen.start()
    ear.publish(topic, reports(gas=True))
    ear.until(phase="locked_out", contact="open")
    daemon.kill()
    mark = ear.mark
    kitchen.daemon("locked_out")
    ear.until(phase="locked_out", contact="open", hazards={"kitchen_gas": "alarm"}, since=mark)
    assert kitchen.local("rearm", "left").code == 1
    ear.publish(topic, reports(gas=False))
    ear.until(hazards={"kitchen_gas": "clear"}, since=mark)
    assert kitchen.local("rearm", "left").code == 0


def test_the_events_of_an_alarm_that_was_there_before_the_people_are_told(gas_kitchen):
    """Sensors have a connection of their own, which may be there first: nobody would hear why."""
    kitchen, topic = gas_kitchen()
    kitchen.stove()
    ear = kitchen.ear()
    ear.publish(topic, reports(gas=True), retain=True)
    kitchen.daemon("locked_out")
    for kind in ("locked", "trip", "trip_confirmed"):
        ear.event(kind)
    ear.publish(topic, b"", retain=True)


def test_an_alarm_just_after_the_broker_came_back_is_told_to_people_too(make_kitchen, own_broker):
    topic = "zigbee/gas"
    gas = {"hazards": {"kitchen_gas": {**GAS, "topic": topic}}}
    kitchen: Kitchen = make_kitchen(broker=own_broker, top=gas, left=burner())
    kitchen.start()
    own_broker.stop()
    own_broker.start()
    ear = kitchen.ear()

    def locked() -> bool:
        # At QoS 1 and again and again: whichever of gasguard's connections is back first.
        ear.publish(topic, reports(gas=True))
        return kitchen.ask()["left"]["phase"] == "locked_out"

    eventually(locked, 15, "the alarm was heard", every=0.1)
    for kind in ("locked", "trip"):
        ear.event(kind, within=15)


def test_an_alarm_that_the_broker_has_kept_counts(gas_kitchen):
    kitchen, topic = gas_kitchen()
    kitchen.stove()
    ear = kitchen.ear()
    ear.publish(topic, reports(gas=True), retain=True)
    kitchen.daemon("locked_out")
    ear.until(phase="locked_out", contact="open")


def test_a_clear_that_the_broker_has_kept_ends_no_alarm(gas_kitchen):
    kitchen, topic = gas_kitchen()
    kitchen.stove()
    ear = kitchen.ear()
    ear.publish(topic, reports(gas=False), retain=True)
    daemon = kitchen.daemon()
    assert ear.until(phase="ready")["hazards"] == {"kitchen_gas": "unknown"}
    ear.publish(topic, reports(gas=True))
    ear.until(phase="locked_out", contact="open")
    daemon.kill()
    mark = ear.mark
    kitchen.daemon("locked_out")
    ear.until(phase="locked_out", hazards={"kitchen_gas": "alarm"}, since=mark)
    assert kitchen.local("rearm", "left").code == 1


@pytest.mark.parametrize(
    ("settings", "payload", "complaint"),
    [
        ({"field": "gaz"}, reports(gas=True), "sends JSON without gaz (battery, gas"),
        ({"kind": "overheat"}, reports(gas=True), "sends JSON: field: names the key"),
        ({}, '{"gas": true', """says '{"gas": true', which is not understood"""),
        ({}, "fire!", "says 'fire!', which is not understood"),
    ],
)
def test_a_sensor_that_is_not_understood_is_named_in_the_log(
    gas_kitchen, settings, payload, complaint
):
    kitchen, topic = gas_kitchen(**settings)
    _, daemon, ear = kitchen.start()
    ear.publish(topic, payload)
    daemon.says(f"hazards.kitchen_gas: {complaint}")
    state = ear.until(hazards={"kitchen_gas": "silent"})
    assert complaint in state["sensor_problems"]["kitchen_gas"]
    assert complaint in ear.event("sensor_silent")["message"]
    assert state["phase"] == "ready"
    row = next(line for line in kitchen.local("doctor").out.splitlines() if "kitchen_gas" in line)
    assert "fail" in row and complaint in row


def test_an_alarm_among_the_sensors_is_named_in_the_log_as_in_the_file(gas_kitchen):
    kitchen, topic = gas_kitchen()
    kitchen.data["sensors"] = kitchen.data.pop("hazards")
    kitchen.write()
    _, daemon, ear = kitchen.start()
    ear.publish(topic, "fire!")
    daemon.says("sensors.kitchen_gas: says 'fire!', which is not understood")


def test_a_sensor_that_goes_silent_is_an_alarm_of_its_own_and_no_trip(gas_kitchen):
    kitchen, topic = gas_kitchen(expire_after="3s")
    _, _, ear = kitchen.start()
    ear.publish(topic, reports(gas=False))
    ear.until(hazards={"kitchen_gas": "clear"})
    mark = ear.mark
    told = ear.event("sensor_silent", since=mark, within=6)
    assert (told["sensor"], told["hazard"], told["reason"]) == ("kitchen_gas", "gas_alarm", None)
    assert "may not warn of the next gas_alarm" in told["message"]
    state = ear.until(hazards={"kitchen_gas": "silent"}, since=mark)
    assert (state["phase"], state["contact"], state["locks"]) == ("ready", "closed", [])
    assert "kitchen_gas silent" in kitchen.local("status").out
    for nonsense in ("", "maybe", "[true]", '{"gas": "soup"}', "1" * 5000, "{" * 5000):
        ear.publish(topic, nonsense)
    ear.send("left/timer/set", "20m")
    ear.ack("accepted", since=mark)
    assert not {"trip", "sensor_recovered"} & set(ear.events(since=mark))
    ear.publish(topic, json.dumps({"battery": 99}))
    ear.send("left/timer/set", "cancel")
    ear.event("timer_cancelled", since=mark)
    assert "sensor_recovered" not in ear.events(since=mark), "its radio lives: no more is known"
    ear.publish(topic, reports(gas=False))
    ear.event("sensor_recovered", since=mark)


def test_a_sensor_known_to_be_offline_is_silent_at_once(gas_kitchen):
    kitchen, topic = gas_kitchen(burners=["right"])
    there = f"{topic}/availability"
    kitchen.data["hazards"]["kitchen_gas"]["availability"] = {"topic": there}
    kitchen.write()
    _, _, ear = kitchen.start()
    for word in ("offline", '{"state": "offline"}'):
        mark = ear.mark
        ear.publish(there, word)
        told = ear.event("sensor_silent", "right", since=mark)
        assert told["message"].startswith("kitchen_gas cannot be heard")
        ear.publish(there, "online")
        ear.event("sensor_recovered", "right", since=mark)
    ear.publish(topic, "ON")
    ear.until("right", phase="locked_out", locks=["gas_alarm"])
    assert "hazards" not in ear.state("left"), "it heeds no sensor"
    assert ear.state("left")["phase"] == "ready"


def test_doctor_has_a_row_for_each_alarm(gas_kitchen):
    kitchen, topic = gas_kitchen()
    kitchen.data["hazards"]["kitchen_gas"]["availability"] = {"topic": f"{topic}/there"}
    kitchen.write()
    _, _, ear = kitchen.start()

    def row() -> str:
        said = kitchen.cli("doctor", "-c", str(kitchen.path)).out
        return next(line for line in said.splitlines() if line.startswith("hazard kitchen_gas"))

    assert "warn not heard since the daemon's start: press its test button" in row()
    ear.publish(f"{topic}/there", "offline")
    ear.event("sensor_silent")
    assert "fail cannot be heard" in row()
    ear.publish(topic, reports(gas=True))
    ear.until(hazards={"kitchen_gas": "alarm"})
    assert "fail alarm: look why" in row()
