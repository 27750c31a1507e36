"""What a sensor's payload means: one rule for all, and nothing that is guessed."""

from typing import Any

import pytest

from gasguard.config.sensors import (
    Hazard,
    MqttFlame,
    OnTopic,
    PeopleSensor,
    ThermocoupleFlame,
)
from gasguard.drivers.understanding import understand


def alarm(kind: str = "gas_alarm", **settings: Any) -> Hazard:
    return Hazard(driver="mqtt", kind=kind, topic="a/b", **settings)


def flame(**settings: Any) -> MqttFlame:
    return MqttFlame(driver="mqtt", topic="a/b", **settings)


def says(payload: str | bytes, sensor: OnTopic) -> bool | str | None:
    """Danger, none, something else; or "?" where it is not understood."""
    said = understand(payload.encode() if isinstance(payload, str) else payload, sensor)
    return "?" if said.garbled else said.danger


@pytest.mark.parametrize(
    "payload",
    [
        *("alarm", "ALARM", " on\r\n", "True", '"on"', "on\x00\x00", "\ufeffon", '"\ufeffON "'),
        *("1", "1.0", "2", "-1", "0.5", '"1"', "true", "3e2", "detected", "prealarm", "heavy"),
        *('{"gas": true}', '{"gas": 1.0}', '{"gas": "True"}', '{"gas": "alarm\\u0000"}'),
        *('{"gas": 17, "battery": 3}', '\ufeff{"gas": true}', '{"gas": "on"}\x00'),
    ],
)
def test_an_alarm_however_it_is_written(payload: str) -> None:
    assert says(payload, alarm()) is True


@pytest.mark.parametrize(
    "payload",
    [
        *("clear", "OFF", "false", '"Off"', "0", "0.0", "-0", '"0"', "off\x00", "normal", "none"),
        *('{"gas": false}', '{"gas": 0}', '{"gas": 0.0}', '{"gas": "normal"}', "0e5"),
    ],
)
def test_no_alarm_however_it_is_written(payload: str) -> None:
    assert says(payload, alarm()) is False


@pytest.mark.parametrize(
    "payload",
    [
        *("", "perhaps", "null", "[]", "[true]", "nan", "Infinity", "1e999", "0x1", "1_0", "１"),
        *("alarm clear", "12 ppm", "1,5", b"\xff\xfe", b"\x00", "{", '{"gas": null}', "9" * 5000),
        *('{"gas": {}}', '{"gas": [true]}', '{"gas": "fault"}', '{"methane": true}', "'on'"),
    ],
)
def test_what_is_not_understood_is_neither(payload: str | bytes) -> None:
    assert says(payload, alarm()) == "?"


def test_a_flame_is_one_or_nought_and_no_other_number() -> None:
    assert [says(word, flame()) for word in ("1", "1.0", "0", "2", "21.5")] == [
        *(True, True, False, "?", "?")
    ]
    assert says('{"flame": "lit"}', flame()) is True


@pytest.mark.parametrize(
    ("field", "payload", "seen"),
    [
        ("result.output", '{"result": {"output": true}}', True),
        ("result.output", '{"result.output": false}', False),
        ("inputs.1.state", '{"inputs": [{"state": 0}, {"state": 1}]}', True),
        ("inputs.2.state", '{"inputs": [{"state": 0}]}', "?"),
        ("result.output", '{"result": true}', "?"),
        ("result", '{"result": {"output": true}}', "?"),
        ("Result", '{"result": true}', "?"),
    ],
)
def test_a_field_is_a_key_or_a_path(field: str, payload: str, seen: object) -> None:
    assert says(payload, alarm(field=field)) == seen


def test_what_is_missing_is_told_from_what_is_not_understood() -> None:
    assert understand(b'{"battery": 3}', alarm()).missing
    assert not understand(b'{"gas": "x"}', alarm()).missing


@pytest.mark.parametrize(
    ("settings", "dangers", "clears", "unknown"),
    [
        ({"on": ["heavy rain"]}, ["Heavy Rain", "alarm", "1"], ["normal", "0"], ["rain"]),
        ({"on": [False], "off": [True]}, ["false", "False"], ["true"], ["on", "0", "1", "alarm"]),
        ({"on": "2", "off": [0, 1]}, ["2", "2.0"], ["0", "1.0"], ["3", "alarm"]),
        ({"off": ["muted"]}, ["alarm", "7"], ["muted", "clear"], ["mute"]),
    ],
)
def test_words_of_its_own(
    settings: dict[str, Any], dangers: list[str], clears: list[str], unknown: list[str]
) -> None:
    sensor = alarm(**settings)
    assert [says(word, sensor) for word in dangers] == [True] * len(dangers)
    assert [says(word, sensor) for word in clears] == [False] * len(clears)
    assert [says(word, sensor) for word in unknown] == ["?"] * len(unknown)


@pytest.mark.parametrize(
    ("reading", "seen"),
    [
        *(("60", True), ("59.9", None), ("45", False), ("46", None), ('{"temperature": 80}', True)),
        *(("80 °C", True), ("80°C", True), ("176 °F", True), ("100 °F", False), ("353.15 K", True)),
        *(("80 mV", "?"), ("80 bananas", "?"), ("true", "?"), ("hot", "?"), ("8e1", True)),
    ],
)
def test_levels_and_units(reading: str, seen: object) -> None:
    sensor = flame(field="temperature", on_above="60 °C", off_below=45)
    assert says(reading, sensor) == seen


@pytest.mark.parametrize(
    ("settings", "reading", "seen"),
    [
        ({"on_above": "1.5 V"}, "2.3", True),
        ({"on_above": "1.5 V"}, "2300 mV", True),
        ({"on_above": "1.5 V"}, "1.2", False),
        ({"on_above": "1.5 V", "off_below": 1}, "1.2", None),
        ({"on_above": "140 °F"}, "70", False),
        ({"on_above": "140 °F"}, "141", True),
    ],
)
def test_a_number_without_a_unit_is_in_that_of_the_level(
    settings: dict[str, Any], reading: str, seen: object
) -> None:
    assert says(reading, alarm("overheat", **settings)) is seen


@pytest.mark.parametrize("level", [55, 60, 65, 71, 120])
def test_what_stands_at_a_level_has_reached_it_in_any_unit(level: int) -> None:
    readings = [f"{level} °C", f"{level * 9 / 5 + 32:g} °F", f"{level + 273.15:.2f} K"]
    for written in readings:
        sensor = alarm("overheat", on_above=written)
        assert [says(reading, sensor) for reading in readings] == [True, True, True]
    lower = alarm("overheat", on_above="300 °C", off_below=f"{level} °C")
    assert [says(reading, lower) for reading in readings] == [False, False, False]


@pytest.mark.parametrize("sensor", [alarm("overheat", on_above="60 °C"), flame(on_above=60)])
def test_a_heat_sensor_that_lacks_its_wire_is_not_cold(sensor: OnTopic) -> None:
    assert says("-127", sensor) == "?"


def test_a_temperature_without_levels_is_no_alarm_for_ever() -> None:
    sensor = alarm("overheat", field="temperature")
    assert says('{"temperature": 21.5}', sensor) == "?"
    assert "on_above" in str(understand(b'{"temperature": 21.5}', sensor).garbled)
    assert [says(f'{{"temperature": {word}}}', sensor) for word in (1, 0)] == [True, False]
    assert says("21.5", alarm("gas_alarm")) is True


def test_one_level_alone_parts_all_numbers() -> None:
    sensor = alarm("overheat", on_above=120)
    assert [says(number, sensor) for number in ("120", "119.9", "-3")] == [True, False, False]


def test_a_thermocouple_gives_what_a_thermocouple_can() -> None:
    sensor = ThermocoupleFlame(driver="thermocouple", topic="a/b")
    readings = ("6.0", "5.99", "3.01", "3.0", "-5.0", "60.0", "60.01", "-5.01", "17 µV", "0.02 V")
    assert [says(reading, sensor) for reading in readings] == [
        *(True, None, None, False, False, True, "?", "?", False, True)
    ]


def test_what_is_said_of_it_says_what_to_do() -> None:
    assert "field:" in str(understand(b'{"on": 1}', alarm("overheat")).garbled)
    assert "gas_level" in str(understand(b'{"gas_level": 1}', alarm()).garbled)
    assert "on_above" in str(understand(b"21.5", flame()).garbled)
    assert "'soup'" in str(understand(b"soup", alarm()).garbled)


# --- whether anybody is there ---------------------------------------------------------------------


def people(kind: str = "presence", **settings: Any) -> PeopleSensor:
    return PeopleSensor(driver="mqtt", kind=kind, topic="a/b", **settings)


@pytest.mark.parametrize("kind", ["presence", "home"])
@pytest.mark.parametrize(
    ("payload", "there"),
    [
        *(("on", True), ("TRUE", True), ("1", True), ("home", True), ("2", True), ("motion", True)),
        *(("off", False), ("false", False), ("0", False), ("away", False), ("not_home", False)),
        *(("no_motion", False), ("clear", False), ("0.0", False), ("nobody", False)),
    ],
)
def test_whether_anybody_is_there_however_it_is_written(payload: str, there: bool, kind: str):
    """The danger is that nobody is."""
    assert says(payload, people(kind)) is not there


@pytest.mark.parametrize(
    "payload",
    ["", "perhaps", "null", "-1", "unavailable", "unknown", '{"occupancy": null}', "work", "2 ppm"],
)
def test_what_is_not_understood_is_nobody_and_somebody_neither(payload: str):
    assert says(payload, people()) == "?"


def test_presence_is_looked_for_where_zigbee2mqtt_says_it():
    payload = '{"battery": 90, "occupancy": true, "illuminance": 3}'
    assert says(payload, people()) is False
    assert says('{"presence": true}', people()) == "?"
    assert says('{"presence": true}', people(field="presence")) is False
    assert says('{"state": "home"}', people("home")) == "?"
    assert says('{"state": "home"}', people("home", field="state")) is False


def test_levels_of_a_presence_sensor():
    radar = people(field="energy", on_above="30", off_below="10")
    assert [says(f'{{"energy": {number}}}', radar) for number in (40, 20, 5)] == [False, None, True]
