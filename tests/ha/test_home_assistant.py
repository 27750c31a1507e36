"""gasguard in a real Home Assistant, found by discovery alone and used as its owners would.

The tests share one house and run in this order: each leaves both burners ready.
"""

import time
from datetime import UTC, datetime, timedelta

import pytest

from gasguard.interfaces.home_assistant.discovery import messages, unique_ids
from tests.ha.core import Refused
from tests.ha.house import House
from tests.support.waiting import eventually, never

SHOWN = {
    "button.gasguard_left_off": ("unknown", None),
    "valve.gasguard_left_valve": ("open", "gas"),
    "number.gasguard_left_timer": ("0", None),
    "button.gasguard_left_timer_cancel": ("unknown", None),
    "button.gasguard_left_timer_extend": ("unknown", None),
    "sensor.gasguard_left_ends_at": ("unavailable", "timestamp"),
    "sensor.gasguard_left_phase": ("Ready", "enum"),
    "sensor.gasguard_left_contact": ("Closed", "enum"),
    "sensor.gasguard_left_locks": ("Not locked", None),
    "sensor.gasguard_left_last_trip": ("Never", "enum"),
    "sensor.gasguard_left_answer": ("unknown", None),
    "binary_sensor.gasguard_left_problem": ("off", "problem"),
    "binary_sensor.gasguard_left_relay": ("on", "connectivity"),
    "binary_sensor.gasguard_left_flame": ("unknown", None),
    "sensor.gasguard_left_burn_time": ("0.0", "duration"),
    "sensor.gasguard_left_gas": ("0.0", "gas"),
    "lock.gasguard_left_lock": ("unlocked", None),
    "event.gasguard_left_event": ("unknown", None),
    "button.gasguard_left_rearm": ("unknown", None),
    "button.gasguard_off_all": ("unknown", None),
    "binary_sensor.gasguard_online": ("on", "connectivity"),
    "binary_sensor.gasguard_kitchen_gas_alarm": ("unknown", "gas"),
    "binary_sensor.gasguard_kitchen_pir_presence": ("unknown", "occupancy"),
    "binary_sensor.gasguard_schedule_night_active": ("off", None),
    "button.gasguard_schedule_night_skip": ("unknown", None),
}
"""State and device class of what appears, the left burner's and the hub's."""

HIDDEN = {
    "sensor.gasguard_left_relay_latency",
    "sensor.gasguard_left_trip_latency",
    "sensor.gasguard_left_burning_since",
    "sensor.gasguard_left_must_end_at",
}
OF_A_FLAME = ("burning_since", "must_end_at")
"""The right burner has none."""


def _ours(house: House) -> set[str]:
    return {name for name in house.ha.states() if ".gasguard_" in name}


def _settled(house: House) -> None:
    house.ha.until(
        **{
            f"{platform}__gasguard_{burner}_{key}": state
            for burner in ("left", "right")
            for platform, key, state in (("sensor", "phase", "Ready"), ("valve", "valve", "open"))
        }
    )


def test_everything_appears_by_itself(house):
    eventually(lambda: not SHOWN.keys() - _ours(house), 20)
    eventually(
        lambda: (
            {name: house.ha.state(name) for name in SHOWN}
            == {name: state for name, (state, _) in SHOWN.items()}
        ),
        10,
    )
    states = house.ha.states()
    for name, (_, device_class) in SHOWN.items():
        assert states[name]["attributes"].get("device_class") == device_class, name
    assert states["button.gasguard_left_off"]["attributes"]["friendly_name"] == (
        "Left burner Shut off"
    )
    registered = house.ha.registry()
    assert {name for name in registered if registered[name]["disabled_by"]} == {
        *HIDDEN,
        *(name.replace("left", "right") for name in HIDDEN if not name.endswith(OF_A_FLAME)),
    }
    wanted = messages(house.kitchen.config).values()
    ids = {one for payload in wanted for one in unique_ids(payload)}
    assert {one["unique_id"] for one in registered.values()} == ids
    devices = house.ha.devices()
    assert set(devices) == {"gasguard", "Left burner", "Right burner"}
    urls = {device["configuration_url"] for device in devices.values()}
    assert urls == {"http://stove.home:8420/"}, "what Visit opens"
    for burner in ("Left burner", "Right burner"):
        assert devices[burner]["via_device_id"] == devices["gasguard"]["id"]
    if house.core.device_form:
        options = states["sensor.gasguard_left_phase"]["attributes"]["options"]
        assert options[:3] == ["Starting", "Ready", "Shutting off"]


@pytest.mark.parametrize(
    ("service", "entity"),
    [
        ("button.press", "button.gasguard_left_off"),
        ("valve.close_valve", "valve.gasguard_left_valve"),
        ("button.press", "button.gasguard_off_all"),
    ],
)
def test_off_opens_the_thermocouple_circuit_and_home_assistant_sees_it(house, service, entity):
    ha = house.ha
    before = ha.state("event.gasguard_left_event")
    ha.call(service, entity)
    eventually(lambda: house.stove.circuit() == "open", 2)
    ha.until(valve__gasguard_left_valve="closed", sensor__gasguard_left_phase="Shut off")
    assert ha.state("sensor.gasguard_left_last_trip") == "Remote"
    attributes = ha.attributes("sensor.gasguard_left_last_trip")
    assert (attributes["source"], attributes["confirmed"]) == ("mqtt", True)
    _settled(house)
    eventually(lambda: ha.attributes("event.gasguard_left_event")["event_type"] == "rearmed")
    assert ha.state("event.gasguard_left_event") != before


def test_the_valve_can_never_be_opened(house):
    ha = house.ha
    ha.call("lock.lock", "lock.gasguard_left_lock")
    ha.until(valve__gasguard_left_valve="closed", sensor__gasguard_left_phase="Locked")
    mark = house.ear.mark
    for service in ("valve.open_valve", "valve.toggle"):
        with pytest.raises(Refused):
            ha.call(service, "valve.gasguard_left_valve")
    never(lambda: house.stove.circuit() == "closed", 1, "opened by Home Assistant")
    assert not [one for one in house.ear.heard[mark:] if one.topic.endswith("/set")]
    ha.call("lock.unlock", "lock.gasguard_left_lock")
    _settled(house)


def test_the_timer_is_set_extended_and_cancelled(house):
    ha = house.ha
    ha.call("number.set_value", "number.gasguard_left_timer", value=20)
    ha.until(number__gasguard_left_timer="20")
    ends = datetime.fromisoformat(ha.state("sensor.gasguard_left_ends_at"))
    assert abs(ends.timestamp() - time.time() - 1200) < 5
    assert ha.attributes("sensor.gasguard_left_ends_at")["duration_s"] == 1200
    assert house.ear.state("left")["timer"]["duration_s"] == 1200
    ha.call("button.press", "button.gasguard_left_timer_extend")
    ha.until(number__gasguard_left_timer="25")
    ha.call("button.press", "button.gasguard_left_timer_cancel")
    ha.until(number__gasguard_left_timer="0", sensor__gasguard_left_ends_at="unavailable")
    ha.call("number.set_value", "number.gasguard_left_timer", value=5)
    ha.until(number__gasguard_left_timer="5")
    ha.call("number.set_value", "number.gasguard_left_timer", value=0)
    ha.until(number__gasguard_left_timer="0", sensor__gasguard_left_ends_at="unavailable")
    assert house.ear.state("left")["timer"] is None
    assert house.ear.state("left")["phase"] == "ready"


def test_odd_and_long_timers_are_shown_without_complaint(house):
    ha = house.ha
    for asked, shown in (("90s", "1.5"), ("24h", "1440")):
        house.ear.send("right/timer/set", asked)
        ha.until(number__gasguard_right_timer=shown)
    house.ear.send("right/timer/extend/set", "1s")
    house.ear.ack("rejected", "right")
    house.ear.send("right/timer/set", "cancel")
    ha.until(number__gasguard_right_timer="0")


def test_a_schedule_is_shown_and_skipped(house):
    ha, shown = house.ha, "sensor.gasguard_schedule_night_next"
    assert ha.attributes(shown)["device_class"] == "timestamp"
    begins = datetime.fromisoformat(ha.state(shown))
    assert timedelta(hours=5) < begins - datetime.now(UTC) < timedelta(hours=6, minutes=1)
    ha.call("button.press", "button.gasguard_schedule_night_skip")
    eventually(lambda: datetime.fromisoformat(ha.state(shown)) == begins + timedelta(days=1), 5)
    until = ha.attributes("binary_sensor.gasguard_schedule_night_active")["skipped_until"]
    assert datetime.fromisoformat(until) == begins + timedelta(hours=1)


def test_the_flame_is_shown_where_there_is_a_sensor(house):
    # Out last: a burner that was seen lit is not closed again before that.
    for word, shown in (("lit", "on"), ("?", "unknown"), ("out", "off")):
        house.flame(word)
        house.ha.until(binary_sensor__gasguard_left_flame=shown)
    assert "binary_sensor.gasguard_right_flame" not in house.ha.states()


def test_what_has_burnt_is_a_total_as_the_energy_page_takes_it(house):
    burn_time, gas = "sensor.gasguard_left_burn_time", "sensor.gasguard_left_gas"
    for name, unit in ((burn_time, "min"), (gas, "m³")):
        attributes = house.ha.attributes(name)
        assert attributes["state_class"] == "total_increasing"
        assert attributes["unit_of_measurement"] == unit
    before = float(house.ha.state(burn_time))
    house.flame("lit")
    # A tenth of a minute; told a few seconds after it is out.
    time.sleep(7)
    house.flame("out")
    eventually(lambda: float(house.ha.state(burn_time)) >= before + 0.1, 20)
    assert float(house.ha.state(gas)) > 0
    time.sleep(3)  # a burner that was seen lit is not closed again before that


def test_switching_everything_on_or_off_unlocks_and_rearms_nothing(house):
    ha = house.ha
    ha.call("lock.lock", "lock.gasguard_left_lock")
    house.stove.fault("right", lying=True)
    ha.call("button.press", "button.gasguard_right_off")
    ha.until(within=15, binary_sensor__gasguard_right_problem="on")
    eventually(lambda: house.ear.state("right")["locks"] == ["stuck"], 15)
    house.stove.fault("right", lying=False)
    locked = {f"sensor__gasguard_{burner}_phase": "Locked" for burner in ("left", "right")}
    ha.until(**locked)

    mark = house.ear.mark
    # The valve refuses to be toggled (above), and Home Assistant then drops the whole call.
    everything = sorted(name for name in ha.states() if not name.startswith("valve."))
    services = {one["domain"]: one["services"] for one in ha.rest("GET", "services")}
    for service in ("turn_on", "turn_off", "toggle"):
        ha.call(f"homeassistant.{service}", everything)
        for domain in sorted({name.partition(".")[0] for name in everything}):
            if service in services.get(domain, {}):
                ha.call(f"{domain}.{service}", "all")
    switched = [one.text for one in house.ear.heard[mark:] if one.topic.endswith("/porch")]
    assert {"ON", "OFF"} <= set(switched), "nothing at all was switched"
    never(
        lambda: [one for one in house.ear.heard[mark:] if one.topic.endswith("/set")],
        1,
        "a command from switching everything on",
    )
    ha.until(**locked, lock__gasguard_left_lock="locked")

    ha.call("lock.unlock", "lock.gasguard_left_lock")
    ha.call("button.press", "button.gasguard_right_rearm")
    _settled(house)
    ha.until(binary_sensor__gasguard_right_problem="off")


@pytest.mark.parametrize("service", ["toggle", "turn_on", "turn_off"])
def test_a_whole_area_is_switched_and_the_burner_in_it_stays_as_it_is(house, service):
    """Home Assistant refuses a call for an area where one entity in it refuses."""
    ha = house.ha
    kitchen = ha.ask("config/area_registry/create", name=f"Kitchen {service}")["area_id"]
    for device in ha.devices().values():
        ha.ask("config/device_registry/update", device_id=device["id"], area_id=kitchen)
    ha.ask("config/entity_registry/update", entity_id="switch.porch", area_id=kitchen)
    mark = house.ear.mark
    ha.call(f"homeassistant.{service}", area_id=kitchen)
    ha.call("valve.close_valve", "valve.gasguard_right_valve")
    house.ear.wait("right/off/set", since=mark)
    commands = [one.topic for one in house.ear.heard[mark:] if one.topic.endswith("/set")]
    assert commands == [f"{house.kitchen.base}/right/off/set"]
    assert [one for one in house.ear.heard[mark:] if one.topic.endswith("/porch")]
    _settled(house)


def test_what_was_refused_springs_back_and_is_told(house):
    ha = house.ha
    answer = "sensor.gasguard_left_answer"
    ha.call("lock.lock", "lock.gasguard_left_lock")
    ha.until(sensor__gasguard_left_phase="Locked", sensor__gasguard_left_locks="Child lock")
    ha.until(sensor__gasguard_left_answer="Accepted")
    mark = house.ear.mark
    ha.call("number.set_value", "number.gasguard_left_timer", value=20)
    ha.until(sensor__gasguard_left_answer="Refused: the burner is locked")
    assert ha.attributes(answer)["command"] == "timer"
    assert "lock" in ha.attributes(answer)["message"]
    event = ha.attributes("event.gasguard_left_event")
    assert (event["event_type"], event["code"]) == ("command_rejected", "locked_out")
    assert event["message"] == ha.attributes(answer)["message"]
    assert house.ear.on("left/state", mark), "the number shows what is again"
    assert ha.state("number.gasguard_left_timer") == "0"
    ha.call("lock.unlock", "lock.gasguard_left_lock")
    _settled(house)
    ha.call("button.press", "button.gasguard_left_timer_extend")
    ha.until(sensor__gasguard_left_answer="Refused: no timer is running")


def test_an_alarm_is_shown_with_what_it_locks(house):
    ha = house.ha
    alarm = "binary_sensor.gasguard_kitchen_gas_alarm"
    assert ha.attributes(alarm)["says"] == "unknown"
    house.gas("clear")
    ha.until(binary_sensor__gasguard_kitchen_gas_alarm="off")
    house.gas("alarm")
    ha.until(
        binary_sensor__gasguard_kitchen_gas_alarm="on",
        sensor__gasguard_left_locks="Gas alarm",
        sensor__gasguard_right_last_trip="Gas alarm",
    )
    ha.call("button.press", "button.gasguard_left_rearm")
    ha.until(sensor__gasguard_left_answer="Refused: an alarm still reports")
    house.gas("clear")
    ha.until(binary_sensor__gasguard_kitchen_gas_alarm="off")
    for burner in ("left", "right"):
        ha.call("button.press", f"button.gasguard_{burner}_rearm")
    _settled(house)


def test_a_lost_relay_is_shown_and_off_stays_available(house):
    ha = house.ha
    ha.call("number.set_value", "number.gasguard_left_timer", value=20)
    ha.until(number__gasguard_left_timer="20")
    house.stove.fault("left", offline=True)
    ha.until(
        within=20,
        binary_sensor__gasguard_left_relay="off",
        binary_sensor__gasguard_left_problem="on",
        number__gasguard_left_timer="0",
        sensor__gasguard_left_ends_at="unavailable",
    )
    eventually(lambda: house.ear.state("left")["contact"] == "unknown", 10)
    assert ha.state("valve.gasguard_left_valve") == "open", "not known to be closed"
    assert ha.state("button.gasguard_left_off") != "unavailable"
    mark = house.ear.mark
    ha.call("button.press", "button.gasguard_left_off")
    house.ear.wait("left/off/set", since=mark)
    house.stove.fault("left", offline=False)
    ha.until(within=15, sensor__gasguard_left_phase="Shut off")
    _settled(house)
    ha.until(binary_sensor__gasguard_left_problem="off")


def test_a_killed_daemon_makes_everything_unavailable(house):
    ha = house.ha
    shown = _ours(house) - {"binary_sensor.gasguard_online"}
    house.daemon.kill()
    eventually(lambda: {ha.state(name) for name in shown} == {"unavailable"}, 10)
    assert ha.state("binary_sensor.gasguard_online") == "off"
    house.daemon = house.kitchen.daemon()
    ha.until(binary_sensor__gasguard_online="on", sensor__gasguard_left_phase="Ready")
    _settled(house)


def test_home_assistant_finds_everything_again_after_its_own_restart(house):
    before = _ours(house)
    house.ha.stop()
    house.ha.start()
    eventually(lambda: _ours(house) == before, 20)
    _settled(house)


def test_the_language_is_the_one_that_is_configured(house):
    ha = house.ha
    house.reconfigure(language="zh")
    ha.until(sensor__gasguard_left_phase="就绪")
    off = "button.gasguard_left_off"
    eventually(lambda: ha.attributes(off)["friendly_name"] == "Left burner 关火")
    ha.call("button.press", off)
    ha.until(sensor__gasguard_left_phase="已关火", sensor__gasguard_left_last_trip="远程")
    assert ha.attributes("sensor.gasguard_left_phase")["phase"] == "tripped"
    house.reconfigure(language="en")
    _settled(house)


def test_the_other_form_takes_over_without_loss(house):
    """Only where both are understood: names, ids and devices stay as they were."""
    ha, forms = house.ha, ["component", "device"]
    if not house.core.device_form:
        assert house.form == "component"
        return
    timer = "number.gasguard_left_timer"
    ha.ask("config/entity_registry/update", entity_id=timer, name="Soup")
    before = {name: one["id"] for name, one in ha.registry().items()}
    forms.remove(house.form)
    for form in (*forms, house.form):
        house.reconfigure(form=form)
        eventually(lambda: house.announced() == set(messages(house.kitchen.config)), 15)
        _settled(house)
        assert {name: one["id"] for name, one in ha.registry().items()} == before
        assert ha.attributes(timer)["friendly_name"].endswith("Soup")
        ha.call("number.set_value", timer, value=7)
        ha.until(number__gasguard_left_timer="7")
        ha.call("button.press", "button.gasguard_left_timer_cancel")
        ha.until(number__gasguard_left_timer="0")


def test_who_is_in_the_kitchen_is_shown_as_the_guard_has_heard_it(house):
    ha, seen = house.ha, {"binary_sensor__gasguard_kitchen_pir_presence": "on"}
    house.ear.publish("stove/pir", '{"occupancy": true}')
    ha.until(**seen)
    house.ear.publish("stove/pir", '{"occupancy": false}')
    ha.until(binary_sensor__gasguard_kitchen_pir_presence="off")
    house.ear.publish("stove/pir", "soup")
    ha.until(binary_sensor__gasguard_kitchen_pir_presence="unknown")
    house.ear.publish("stove/pir", '{"occupancy": true}')
    ha.until(**seen)


def test_a_sensor_that_was_taken_off_goes(house):
    left = house.kitchen.data["burners"]["left"]
    flame = left.pop("flame")
    house.reconfigure()
    eventually(lambda: "binary_sensor.gasguard_left_flame" not in house.ha.registry(), 10)
    assert "binary_sensor.gasguard_left_relay" in house.ha.registry()
    hazards = house.kitchen.data.pop("hazards")
    house.reconfigure()
    alarm = "binary_sensor.gasguard_kitchen_gas_alarm"
    eventually(lambda: alarm not in house.ha.registry(), 10)
    assert "binary_sensor.gasguard_online" in house.ha.registry()
    left["flame"] = flame
    house.kitchen.data["hazards"] = hazards
    house.reconfigure()
    eventually(lambda: alarm in house.ha.states(), 10)
    eventually(lambda: "binary_sensor.gasguard_left_flame" in house.ha.states(), 10)


def test_a_burner_that_left_the_configuration_goes_with_its_device(house):
    del house.kitchen.data["burners"]["right"]
    house.reconfigure()
    eventually(lambda: not any("_right_" in name for name in house.ha.registry()), 10)
    assert not any("_right_" in name for name in house.ha.states())
    eventually(lambda: set(house.ha.devices()) == {"gasguard", "Left burner"}, 5)
    eventually(lambda: not house.ear.on("right/state")[-1].payload, 5)
    house.ha.until(sensor__gasguard_left_phase="Ready")


def test_discovery_turned_off_leaves_nothing(house):
    house.reconfigure(discovery=False)
    eventually(lambda: not house.ha.registry(), 10)
    assert "switch.porch" in house.ha.states()
    eventually(lambda: not house.ha.devices(), 5)


def test_home_assistant_complained_of_nothing(house):
    # Emptying a device's topic after a change of form is what Home Assistant itself prescribes.
    prescribed = "No device components to cleanup"
    assert [line for line in house.ha.complaints if prescribed not in line] == []
