"""Relays behind the broker: daemon, mosquitto and simulated devices, each on its own wire."""

import json
import re
import secrets
from typing import Any

import pytest

from tests.support.kitchen import Kitchen
from tests.support.waiting import eventually, never


def burner(kind: str = "zigbee2mqtt", **more: Any) -> dict[str, Any]:
    """A burner whose relay has a name of its own on the broker that all tests share."""
    device = f"stove{secrets.token_hex(4)}"
    relay = {"driver": "mqtt", "kind": kind, "device": device, "contact": "normally_open", **more}
    return {"relay": relay, "limits": {"rearm_after": "2s"}}


@pytest.mark.parametrize("kind", ["zigbee2mqtt", "tasmota", "esphome"])
def test_off_is_confirmed_a_timer_shuts_off_and_both_are_rearmed(make_kitchen, kind):
    kitchen: Kitchen = make_kitchen(left=burner(kind))
    stove, _, ear = kitchen.start()
    ear.send("left/off/set", {"id": "now"})
    assert ear.ack("confirmed")["id"] == "now"
    assert stove.circuit() == "open"
    ear.until(phase="ready", since=ear.mark, within=5)
    assert stove.circuit() == "closed"

    mark = ear.mark
    ear.send("left/timer/set", "1s")
    assert ear.event("trip", since=mark)["reason"] == "timer"
    ear.event("trip_confirmed", since=mark)
    assert stove.circuit() == "open"
    ear.until(phase="ready", since=ear.mark, within=5)


def test_two_relays_of_one_device_are_two_burners(make_kitchen):
    left = burner(channel="l1")
    right = {**left, "relay": {**left["relay"], "channel": "l2"}}
    kitchen: Kitchen = make_kitchen(left=left, right=right)
    stove, _, ear = kitchen.start()
    ear.send("right/off/set")
    ear.ack("confirmed", "right")
    assert (stove.circuit("left"), stove.circuit("right")) == ("closed", "open")


def test_what_the_broker_has_kept_is_no_reading(make_kitchen, make_ear):
    kitchen: Kitchen = make_kitchen(left=burner())
    stove = kitchen.stove()
    stove.fault(offline=True)
    device = kitchen.config.burners["left"].relay.device
    stranger = make_ear(kitchen.broker, "zigbee2mqtt")
    stranger.send(device, {"state": "ON"}, retain=True)
    kitchen.daemon(None)
    never(lambda: kitchen.ask()["left"]["contact"] != "unknown", 3, every=0.2)
    stove.fault(offline=False)
    eventually(lambda: _phase(kitchen, "ready"), 3)


@pytest.mark.parametrize("kind", ["zigbee2mqtt", "tasmota", "esphome"])
def test_half_a_character_from_a_device_is_told_kept_and_survived(make_kitchen, make_ear, kind):
    kitchen: Kitchen = make_kitchen(left=burner(kind))
    _, daemon, ear = kitchen.start()
    relay = kitchen.config.burners["left"].relay
    stranger = make_ear(kitchen.broker, "none")
    mark = ear.mark
    for payload in (b'{"\\ud800": 1}', b'{"state": "\\udfff", "POWER": "\\ud800"}', b'"\\ud800"'):
        stranger.publish(relay.state_topic, payload)
        ear.send("left/off/set")
        ear.ack("confirmed", since=mark)
    eventually(lambda: kitchen.local("history", "left").code == 0, 4, every=0.3)
    assert daemon.running
    assert "history lost" not in daemon.output


def test_a_device_off_the_network_is_told_and_opened_at_once_when_it_is_back(make_kitchen):
    kitchen: Kitchen = make_kitchen(left=burner())
    stove, _, ear = kitchen.start()
    ear.send("left/timer/set", "14s")
    ear.event("timer_started")
    stove.fault(offline=True)
    ear.event("relay_unreachable", within=13)
    state = eventually(lambda: _unreachable(kitchen))
    assert state["timer"]["guaranteed"] is False
    assert "says offline" in state["relay"]["problem"]
    ear.event("trip_failed", within=10)
    assert stove.circuit() == "closed"
    mark = ear.mark
    stove.fault(offline=False)
    eventually(lambda: stove.circuit() == "open", 0.5, "opened at once", every=0.005)
    ear.event("trip_confirmed", since=mark)
    ear.event("relay_recovered")


@pytest.mark.long
def test_a_broker_that_is_away_takes_the_relays_along_and_gives_them_back(make_kitchen, own_broker):
    kitchen: Kitchen = make_kitchen(broker=own_broker, left=burner())
    stove, daemon, _ = kitchen.start()
    kitchen.order("timer", "13s")
    own_broker.stop()
    state = eventually(lambda: _unreachable(kitchen), 13, "the relay counts as unreachable")
    assert state["timer"]["guaranteed"] is False
    assert f"127.0.0.1:{own_broker.port} is not connected" in state["relay"]["problem"]
    failed = eventually(lambda: _phase(kitchen, "trip_failed"), 10, "the timer cannot be kept")
    assert failed["last_trip"]["reason"] == "timer"
    assert stove.circuit() == "closed"
    own_broker.start()
    eventually(lambda: stove.circuit() == "open", 3, "opened as soon as both are back")
    eventually(lambda: _phase(kitchen, "ready"), 6, "and re-armed")
    assert daemon.running


def test_a_broker_that_hangs_does_not_bring_an_old_close_back(make_kitchen, own_broker):
    kitchen: Kitchen = make_kitchen(broker=own_broker, left=burner())
    stove, _, ear = kitchen.start()
    ear.send("left/off/set")
    ear.ack("confirmed")
    own_broker.freeze()  # while the re-arm is due: nothing answers, so no close goes out
    never(lambda: stove.circuit() == "closed", 4)
    assert kitchen.order("lock", "LOCK")[0]["status"] == "accepted"
    own_broker.thaw()
    never(lambda: stove.circuit() == "closed", 4, "locked: an old close must not come")
    eventually(lambda: _phase(kitchen, "locked_out"), 5)


def _unreachable(kitchen: Kitchen) -> dict[str, Any] | None:
    state = (kitchen.ask() or {}).get("left")
    return state if state and not state["relay"]["reachable"] else None


def _phase(kitchen: Kitchen, phase: str) -> dict[str, Any] | None:
    state = (kitchen.ask() or {}).get("left")
    return state if state and state["phase"] == phase else None


@pytest.mark.long
def test_the_device_opens_by_itself_when_the_daemon_is_gone(make_kitchen):
    kitchen: Kitchen = make_kitchen(left=burner("esphome", keep_alive={"after": "15s"}))
    stove, daemon, ear = kitchen.start()
    never(lambda: stove.circuit() == "open", 17, "it is renewed while the guard lives", every=0.2)
    daemon.kill()
    eventually(lambda: stove.circuit() == "open", 17, "the dead-man opens")
    kitchen.daemon(None)
    trip = eventually(lambda: (kitchen.ask() or {}).get("left", {}).get("last_trip"), 5)
    assert trip["reason"] == "lease"
    ear.until(phase="ready", since=ear.mark, within=8)


def test_doctor_has_a_row_for_each_mqtt_relay(make_kitchen):
    kitchen: Kitchen = make_kitchen(left=burner("tasmota", keep_alive={"after": "3m"}))
    stove, _, _ = kitchen.start()
    said = kitchen.cli("doctor", "-c", str(kitchen.path))
    assert said.code == 0, said
    assert re.search(r"^relay left +ok .*POWER at 127\.0\.0\.1:\d+, contact closed", said.out, re.M)
    assert re.search(r"^relay left wire +ok +\d+ ms, 0% of 5 late or lost", said.out, re.M)
    assert kitchen.ask()["left"]["relay"]["reachable"], "the daemon keeps its own connection"
    assert not stove.switched, "it only looks"

    stove.fault(offline=True)
    said = kitchen.cli("doctor", "-c", str(kitchen.path))
    assert said.code == 1
    assert re.search(r"^relay left +fail .*LWT says offline.*mqtt_relays\.md", said.out, re.M), said


GOOD = {"friendly_name": "stove", "optimistic": False, "filtered_cache": ["state"]}


@pytest.mark.parametrize(
    ("info", "row"),
    [
        ({"config": {"devices": {"0x1": GOOD}}}, "ok +stove in Zigbee2MQTT: as"),
        (
            {"config": {"device_options": {**GOOD, "friendly_name": ""}, "devices": {"stove": {}}}},
            "ok +stove in Zigbee2MQTT: as",
        ),
        (
            {"config": {"devices": {"0x1": {"friendly_name": "stove", "debounce": 1}}}},
            r"fail .*optimistic: false.*filtered_cache: \[state\].*remove debounce",
        ),
        ({"config": {"devices": {"0x1": {"friendly_name": "lamp"}}}}, "fail .*friendly_name stove"),
        ({"config": []}, "warn not seen"),
    ],
)
def test_doctor_looks_at_zigbee2mqtts_options(make_kitchen, own_broker, info, row):
    kitchen: Kitchen = make_kitchen(broker=own_broker, left=burner("zigbee2mqtt"))
    _, _, ear = kitchen.start()
    base = kitchen.data["burners"]["left"]["relay"].get("base", "zigbee2mqtt")
    device = kitchen.data["burners"]["left"]["relay"]["device"]
    text = json.dumps(info).replace("stove", device)
    ear.publish(f"{base}/bridge/info", text, retain=True)
    said = kitchen.cli("doctor", "-c", str(kitchen.path))
    assert re.search(f"^relay left options +{row.replace('stove', device)}", said.out, re.M), said
    assert (said.code == 1) == row.startswith("fail"), said


def test_simulate_serves_mqtt_relays_too(make_kitchen):
    kitchen: Kitchen = make_kitchen(left=burner("tasmota"))
    simulator = kitchen.process("simulate", "-c", str(kitchen.path))
    simulator.says("Ctrl-C ends")
    assert "on MQTT, tasmota" in simulator.output
    kitchen.daemon()
    assert kitchen.local("off", "left").code == 0
    assert simulator.stop() == 0
